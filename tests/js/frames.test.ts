import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decodeFrame, encodeFrame } from '../../js/index.js';
import { codeOf } from './helpers.js';

const MAX_FRAME_BYTES = 131_072;

/** Data as an application may have it: JSON and bytes, within the limits on depth and number. */
const data = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
  map: fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    tie('value'),
    { maxKeys: 5, noNullPrototype: true },
  ),
})).map as fc.Arbitrary<Record<string, unknown>>;

const type = fc.integer({ min: 0, max: 0xffff_ffff });

test('what was encoded decodes to the same', () => {
  fc.assert(
    fc.property(type, data, (type, data) => {
      expect(decodeFrame(encodeFrame({ type, data }))).toEqual({ type, data });
    }),
  );
});

test('another implementation reads what we write, and we what it writes', () => {
  fc.assert(
    fc.property(type, data, (type, data) => {
      const theirs = encode({ type, data });
      expect(decode(encodeFrame({ type, data }))).toEqual({ type, data });
      expect(decodeFrame(theirs)).toEqual({ type, data });
    }),
  );
});

test('the bytes are the ones the other implementation writes', () => {
  const integers = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const frame = {
    type: 0x80,
    data: {
      integers: [...integers, ...integers.slice(1).map((integer) => -integer)],
      text: ['', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(256), 'ü€𝄞'],
      bytes: [new Uint8Array(0), new Uint8Array(255), new Uint8Array(256), new Uint8Array(65_536)],
      rest: [null, true, false, 0.5, -1e300, { a: { b: [] } }],
    },
  };
  expect(encodeFrame(frame)).toEqual(Uint8Array.from(encode(frame)));
});

test('a frame of Arthas keeps all its fields', () => {
  const join = { type: 0x02, data: { room_id: 'V1StGXR8_Z5jdHi6B-myT', name: 'Ann', public_key: new Uint8Array(32) } };
  expect(decodeFrame(encodeFrame(join))).toEqual(join);
});

test('undefined is written as nil, a bigint as an integer of 64 bits', () => {
  const bytes = encodeFrame({ type: 0x80, data: { a: undefined, b: 5n, c: -5n } });
  expect(decodeFrame(bytes).data).toEqual({ a: null, b: 5, c: -5 });
  for (const large of [2n ** 64n - 1n, 2n ** 53n, -(2n ** 63n)]) {
    const frame = encodeFrame({ type: 0x80, data: { large } });
    expect(decode(frame, { useBigInt64: true })).toMatchObject({ data: { large } });
    expect(codeOf(() => decodeFrame(frame))).toBe('INVALID_FRAME');
  }
});

test('results have buffers of their own', () => {
  const frame = encodeFrame({ type: 0x80, data: { bytes: new Uint8Array([1, 2, 3]) } });
  expect(frame.byteLength).toBe(frame.buffer.byteLength);
  const received = new Uint8Array(1000).fill(0xff);
  received.set(frame, 500);
  const { data } = decodeFrame(received.subarray(500, 500 + frame.length));
  received.fill(0);
  expect(data['bytes']).toEqual(new Uint8Array([1, 2, 3]));
});

describe('limits', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;

  test('size', () => {
    const largest =
      MAX_FRAME_BYTES - encodeFrame({ type: 0x80, data: { body: new Uint8Array(70_000) } }).length + 70_000;
    const frame = encodeFrame({ type: 0x80, data: { body: new Uint8Array(largest) } });
    expect(frame).toHaveLength(MAX_FRAME_BYTES);
    expect(decodeFrame(frame).data['body']).toHaveLength(largest);
    expect(codeOf(() => encodeFrame({ type: 0x80, data: { body: new Uint8Array(largest + 1) } }))).toBe(
      'FRAME_TOO_LARGE',
    );
    expect(codeOf(() => decodeFrame(encode({ type: 0x80, data: { body: new Uint8Array(largest + 1) } })))).toBe(
      'FRAME_TOO_LARGE',
    );
    expect(codeOf(() => decodeFrame(new Uint8Array(64 * 1024 * 1024)))).toBe('FRAME_TOO_LARGE');
  });

  test('depth', () => {
    // The map of the data is one level, the innermost value another.
    const data = { deepest: nested(6) };
    expect(decodeFrame(encodeFrame({ type: 0x80, data }))).toEqual({ type: 0x80, data });
    expect(decodeFrame(encode({ type: 0x80, data }))).toEqual({ type: 0x80, data });
    for (const data of [{ deeper: nested(7) }, { deeper: nested(5000) }]) {
      expect(codeOf(() => encodeFrame({ type: 0x80, data }))).toBe('INVALID_FRAME');
    }
    expect(codeOf(() => decodeFrame(encode({ type: 0x80, data: { deeper: nested(7) } })))).toBe('INVALID_FRAME');
    expect(codeOf(() => encodeFrame({ type: 0x80, data: cyclic }))).toBe('INVALID_FRAME');
  });

  test('number of values', () => {
    const list = (length: number) => ({ type: 0x80, data: { list: new Array<number>(length).fill(7) } });
    let most = 4096;
    while (most > 4000 && codeOfOrOk(() => encodeFrame(list(most))) !== undefined) most--;
    expect(most).toBeGreaterThan(4080);
    expect(decodeFrame(encode(list(most)))).toEqual(list(most));
    expect(codeOf(() => decodeFrame(encode(list(most + 1))))).toBe('INVALID_FRAME');
    expect(codeOf(() => encodeFrame({ type: 0x80, data: { list: new Array(1e9) } }))).toBe('INVALID_FRAME');
  });

  function codeOfOrOk(call: () => unknown): string | undefined {
    try {
      call();
      return undefined;
    } catch (error) {
      return (error as { code?: string }).code;
    }
  }
});

describe('bad input', () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
  const good = encodeFrame({ type: 0x80, data: { a: [1, 'x'] } });

  test.each([
    ['nothing', ''],
    ['no map', '93 01 02 03'],
    ['an empty map', '80'],
    ['no data', '81 a4 74797065 01'],
    ['no type', '81 a4 64617461 80'],
    ['data that is no map', '82 a4 74797065 01 a4 64617461 90'],
    ['a negative type', '82 a4 74797065 ff a4 64617461 80'],
    ['a text as type', '82 a4 74797065 a1 31 a4 64617461 80'],
    ['the type twice', '83 a4 74797065 01 a4 74797065 01 a4 64617461 80'],
    ['a key twice in data', '82 a4 74797065 01 a4 64617461 82 a1 61 01 a1 61 02'],
    ['a number as key', '82 a4 74797065 01 a4 64617461 81 01 01'],
    ['an extension type', '82 a4 74797065 01 a4 64617461 81 a1 61 d4 01 00'],
    ['a timestamp', '82 a4 74797065 01 a4 64617461 81 a1 61 d6 ff 00000000'],
    ['the reserved byte', '82 a4 74797065 01 a4 64617461 81 a1 61 c1'],
    ['text that is not UTF-8', '82 a4 74797065 01 a4 64617461 81 a1 61 a1 ff'],
    ['a length that lies', '82 a4 74797065 01 a4 64617461 81 a1 61 c6 ffffffff'],
    ['an array that lies', '82 a4 74797065 01 a4 64617461 81 a1 61 dd ffffffff'],
    ['a map that lies', 'df ffffffff'],
    ['a prototype', '82 a4 74797065 01 a4 64617461 81 a9 5f5f70726f746f5f5f 80'],
    ['a nested prototype', '82 a4 74797065 01 a4 64617461 81 a1 61 91 81 a9 5f5f70726f746f5f5f 80'],
  ])('%s', (_, frame) => {
    expect(codeOf(() => decodeFrame(hex(frame)))).toBe('INVALID_FRAME');
  });

  test('every frame that is cut or continued', () => {
    for (let length = 0; length < good.length; length++) {
      expect(codeOf(() => decodeFrame(good.subarray(0, length)))).toBe('INVALID_FRAME');
    }
    expect(codeOf(() => decodeFrame(Uint8Array.from([...good, 0xc0])))).toBe('INVALID_FRAME');
  });

  test('any bytes are decoded or refused', () => {
    const head = hex('82 a4 74797065 cc80 a4 64617461');
    const survives = (bytes: Uint8Array) => {
      try {
        decodeFrame(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: 'HushError', code: 'INVALID_FRAME' });
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), survives));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (tail) => survives(Uint8Array.from([...head, ...tail]))));
  });

  test('a key that would be a prototype is not written either', () => {
    const data = JSON.parse('{"a": {"__proto__": {"admin": true}}}') as Record<string, unknown>;
    expect(codeOf(() => encodeFrame({ type: 0x80, data }))).toBe('INVALID_FRAME');
  });

  test('wrong types and ranges', () => {
    const untyped = (value: unknown) => value as never;
    for (const value of [undefined, null, 1, 'x', [1], {}, new ArrayBuffer(8)]) {
      expect(() => decodeFrame(untyped(value))).toThrow(TypeError);
    }
    for (const data of [undefined, null, 1, 'x', [], new Map(), new Uint8Array(1), new Date()]) {
      expect(() => encodeFrame({ type: 0x80, data: untyped(data) })).toThrow(TypeError);
    }
    for (const value of [
      () => 1,
      Symbol('x'),
      new Map(),
      new Set(),
      new Date(),
      /x/,
      new Uint16Array(1),
      Promise.resolve(),
    ]) {
      expect(() => encodeFrame({ type: 0x80, data: { value } })).toThrow(TypeError);
      expect(() => encodeFrame({ type: 0x80, data: { list: [value] } })).toThrow(TypeError);
    }
    expect(() => encodeFrame(untyped(null))).toThrow(TypeError);
    expect(() => encodeFrame({ type: untyped('1'), data: {} })).toThrow(TypeError);
    for (const type of [-1, 0.5, 2 ** 32, NaN]) expect(() => encodeFrame({ type, data: {} })).toThrow(RangeError);
    for (const big of [2n ** 64n, -(2n ** 63n) - 1n]) {
      expect(() => encodeFrame({ type: 0x80, data: { big } })).toThrow(RangeError);
    }
  });
});
