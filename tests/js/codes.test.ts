import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { generateShareCode, parseShareCode, shareLink } from '../../js/index.js';
import { codeOf, KEY } from './helpers.js';

const ROOM = 'V1StGXR8_Z5jdHi6B-myT';
const KEY_TEXT = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const MAX_NUMBER = 999_999_999_999_999;

describe('known answers', () => {
  const tails = [
    ['', 0, 0],
    [':30', 30, 0],
    [':30:1767225600', 30, 1767225600],
    [':0:1767225600', 0, 1767225600],
    [`:${MAX_NUMBER}:${MAX_NUMBER}`, MAX_NUMBER, MAX_NUMBER],
  ] as const;

  test.each(tails)('code with %j', (tail, ephemeralSeconds, expiresAt) => {
    for (const [prefix, protocol] of [
      ['', 'arthas'],
      ['hush1:', 'hush1'],
    ] as const) {
      const code = `${prefix}${ROOM}:${KEY_TEXT}${tail}`;
      const expected = { protocol, roomId: ROOM, key: KEY, ephemeralSeconds, expiresAt };
      expect(parseShareCode(code)).toEqual(expected);
      expect(parseShareCode(`\n  ${code}\t`)).toEqual(expected);
    }
  });

  test('Arthas links', () => {
    const code = `${ROOM}:${KEY_TEXT}:30:1767225600`;
    const link = `https://chat.example.com/#/join/${code}`;
    expect(shareLink('https://chat.example.com', code)).toBe(link);
    expect(shareLink('https://chat.example.com///', code)).toBe(link);
    expect(parseShareCode(link)).toEqual(parseShareCode(code));
    expect(parseShareCode(`https://chat.example.com/#/join/${encodeURIComponent(code)}`)).toEqual(parseShareCode(code));
  });

  test('native links', () => {
    const code = `hush1:${ROOM}:${KEY_TEXT}`;
    for (const base of [
      'https://chat.example.com/',
      'http://127.0.0.1:8787/a?b=c',
      'chrome-extension://abc/page.html',
    ]) {
      const link = shareLink(base, code);
      expect(link).toBe(`${base}#${code}`);
      expect(parseShareCode(link)).toEqual(parseShareCode(code));
      expect(shareLink(base, link)).toBe(link);
    }
  });

  test('Arthas ignores the spare bits of the key, native codes do not', () => {
    const loose = KEY_TEXT.replace(/8$/, '9');
    expect(parseShareCode(`${ROOM}:${loose}`).key).toEqual(KEY);
    expect(codeOf(() => parseShareCode(`hush1:${ROOM}:${loose}`))).toBe('INVALID_SHARE_CODE');
  });
});

describe('generating', () => {
  afterEach(() => vi.restoreAllMocks());

  test('makes native codes by default, without repeating itself', () => {
    const codes = Array.from({ length: 100 }, () => generateShareCode());
    for (const code of codes) expect(code).toMatch(/^hush1:[A-Za-z0-9_-]{21}:[A-Za-z0-9_-]{43}$/);
    expect(new Set(codes.map((code) => parseShareCode(code).roomId)).size).toBe(100);
    expect(new Set(codes.map((code) => parseShareCode(code).key.toString())).size).toBe(100);
  });

  test('what was generated parses to the same', () => {
    const number = fc.integer({ min: 0, max: MAX_NUMBER });
    fc.assert(
      fc.property(fc.constantFrom('hush1', 'arthas'), number, number, (protocol, ephemeralSeconds, expiresAt) => {
        const code = generateShareCode({ protocol, ephemeralSeconds, expiresAt });
        expect(parseShareCode(code)).toMatchObject({ protocol, ephemeralSeconds, expiresAt });
      }),
    );
  });

  test('fails when there are no secure random bytes', () => {
    vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation(() => {
      throw new Error('no entropy');
    });
    expect(codeOf(() => generateShareCode())).toBe('RANDOM_UNAVAILABLE');
  });

  test('each key belongs to the caller', () => {
    const code = generateShareCode();
    const { key } = parseShareCode(code);
    const copy = key.slice();
    key.fill(0);
    expect(parseShareCode(code).key).toEqual(copy);
    expect(key.byteLength).toBe(key.buffer.byteLength);
  });
});

describe('bad input', () => {
  test.each([
    '',
    ':',
    'hello',
    ROOM,
    'https://example.com/',
    'https://example.com/#',
    `hush2:${ROOM}:${KEY_TEXT}`,
    `${ROOM}:${KEY_TEXT}=`,
    `${ROOM}:${KEY_TEXT}:`,
    `${ROOM}:${KEY_TEXT}:-1`,
    `${ROOM}:${KEY_TEXT}:1:2:3`,
    `${ROOM}:${KEY_TEXT}:1234567890123456`,
    `https://e.com/#${ROOM}:${KEY_TEXT}%zz`,
    `${ROOM}:${'\u{1f512}'.repeat(43)}`,
    '\ud800',
    'x'.repeat(100_000),
  ])('%.40j is no share code', (text) => {
    expect(codeOf(() => parseShareCode(text))).toBe('INVALID_SHARE_CODE');
    expect(codeOf(() => shareLink('https://example.com/', text))).toBe('INVALID_SHARE_CODE');
  });

  test('any text is parsed or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(codeOf(() => parseShareCode(text))).toBe('INVALID_SHARE_CODE');
      }),
    );
  });

  test('a changed character never gives the same room and key', () => {
    const code = `hush1:${ROOM}:${KEY_TEXT}`;
    fc.assert(
      fc.property(
        fc.nat(code.length - 1),
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
        (at, letter) => {
          fc.pre(code[at] !== letter);
          const changed = code.slice(0, at) + letter + code.slice(at + 1);
          try {
            expect(parseShareCode(changed)).not.toEqual(parseShareCode(code));
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_SHARE_CODE' });
          }
        },
      ),
    );
  });

  test.each(['', 'example.com', 'https://', 'https://e.com/#x', 'https://e.com/a b', 'javascript:alert(1)'])(
    '%j is no base of a link',
    (base) => {
      expect(codeOf(() => shareLink(base, `hush1:${ROOM}:${KEY_TEXT}`))).toBe('INVALID_ARGUMENT');
    },
  );

  test('no error carries the code', () => {
    try {
      parseShareCode(`hush1:${ROOM}:${KEY_TEXT}:x`);
    } catch (error) {
      expect(String(error)).not.toContain(KEY_TEXT);
      expect(String(error)).not.toContain(ROOM);
      return;
    }
    throw new Error('accepted');
  });

  test('wrong types and ranges', () => {
    const untyped = (value: unknown) => value as never;
    for (const value of [undefined, null, 1, {}, new String('x')]) {
      expect(() => parseShareCode(untyped(value))).toThrow(TypeError);
      expect(() => shareLink(untyped(value), 'x')).toThrow(TypeError);
      expect(() => shareLink('https://example.com', untyped(value))).toThrow(TypeError);
    }
    for (const options of [null, 1, 'x', { protocol: 1 }, { expiresAt: '1' }, { ephemeralSeconds: 1n }]) {
      expect(() => generateShareCode(untyped(options))).toThrow(TypeError);
    }
    for (const number of [-1, 0.5, NaN, Infinity, MAX_NUMBER + 1]) {
      expect(() => generateShareCode({ ephemeralSeconds: number })).toThrow(RangeError);
      expect(() => generateShareCode({ expiresAt: number })).toThrow(RangeError);
    }
    expect(codeOf(() => generateShareCode({ protocol: untyped('hush2') }))).toBe('INVALID_ARGUMENT');
  });
});
