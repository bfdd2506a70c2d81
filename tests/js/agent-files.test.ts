import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { messages, sendFileFrom } from '../../js/agent/index.js';
import type { AgentMessage, FileRules } from '../../js/agent/index.js';
import { numbered, safeName } from '../../js/agent/safe-name.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { inRoom, until, type Meeting } from './agent-room.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hushroom-agent-')));
let relay: Relay;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(async () => {
  await relay.kill();
  rmSync(folder, { recursive: true });
});

const fresh = (name: string) => join(folder, `${name}-${randomBytes(4).toString('hex')}`);

describe('names of received files', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['/', 'file'],
    ['..', 'file'],
    ['.bashrc', 'bashrc'],
    ['-rf', 'rf'],
    ['a:b*c?.txt', 'a_b_c_.txt'],
    ['evil\u202etxt.exe', 'evil_txt.exe'],
    ['nul', '_nul'],
    ['COM1.txt', '_COM1.txt'],
    ['name. . ', 'name'],
    ['\0\n', '__'],
    ['\u{1f600}.tar.gz', '\u{1f600}.tar.gz'],
  ])('%j becomes %j', (name, safe) => expect(safeName(name)).toBe(safe));

  it('are safe whatever was sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        const safe = safeName(name);
        expect(safe).not.toMatch(/[/\\\0\n\r]|^\.|^-|[. ]$/);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(120);
        expect(safe).not.toBe('');
        expect(dirname(join('/below', safe))).toBe('/below');
      }),
    );
  });

  it('keep their ending when they are cut or numbered', () => {
    expect(safeName(`${'€'.repeat(200)}.pdf`)).toBe(`${'€'.repeat(38)}.pdf`);
    expect([numbered('a.tar.gz', 1), numbered('a.tar.gz', 2), numbered('a', 3)]).toEqual(['a.tar.gz', 'a-2.tar.gz', 'a-3']);
  });
});

describe.each(['hush1', 'arthas'] as const)('files in %s rooms', (protocol) => {
  /** A room of two, of which one receives by these rules. */
  async function receiving(rules: FileRules, use: (meeting: Meeting, next: () => Promise<AgentMessage>, errors: unknown[]) => Promise<void>) {
    await inRoom(relay, protocol, async (meeting) => {
      const errors: unknown[] = [];
      const heard = messages(meeting.bot, { files: rules, onError: (error) => errors.push(error) })[Symbol.asyncIterator]();
      await use(meeting, async () => (await heard.next()).value as AgentMessage, errors);
      await heard.return?.();
    });
  }

  it('arrive below the folder, under names of their own', async () => {
    const inbox = fresh('inbox');
    await receiving({ folder: inbox }, async ({ ada, bot }, next) => {
      const bytes = randomBytes(200_000);
      for (const expected of ['note.txt', 'note-2.txt']) {
        const sending = ada.sendFile(new Blob([bytes]), { name: 'note.txt', mime: 'text/plain' });
        const { attachments, text, from, message } = await next();
        await sending.done;
        expect({ text, message, from: from.name }).toEqual({ text: '', message: undefined, from: 'Ada' });
        expect(attachments).toEqual([{ name: 'note.txt', mime: 'text/plain', size: bytes.length, path: join(inbox, expected) }]);
        expect(readFileSync(join(inbox, expected)).equals(bytes)).toBe(true);
        expect(statSync(join(inbox, expected)).mode & 0o777).toBe(0o600);
      }
      expect(bot.getSnapshot().offers).toEqual([]);
    });
  });

  it('are declined when they are too large, too many or unwanted', async () => {
    const inbox = fresh('inbox');
    const asked: string[] = [];
    const accept = ({ name }: { name: string }) => (asked.push(name), name !== 'unwanted');
    await receiving({ folder: inbox, maxBytes: 1000, maxTotalBytes: 1500, accept }, async ({ ada, bot }, next) => {
      const send = (name: string, size: number) => ada.sendFile(new Blob([randomBytes(size)]), { name });
      const refused = async (name: string, size: number) => {
        const event = until(bot, () => bot.getSnapshot().offers.some((offer) => offer.name === name));
        const { done } = send(name, size);
        if (protocol === 'hush1') return expect(done).rejects.toMatchObject({ code: 'TRANSFER_DECLINED' });
        // Nobody is asked in Arthas: the sender waits for half a minute, and hears nothing.
        done.catch(() => undefined);
        await event;
      };
      await refused('large', 1001);
      await refused('unwanted', 10);
      const { done } = send('first', 1000);
      expect((await next()).attachments[0]?.size).toBe(1000);
      await done;
      await refused('beyond the total', 501);
      send('second', 500);
      expect((await next()).attachments[0]?.size).toBe(500);
      expect(asked).toEqual(['unwanted', 'first', 'second']);
      expect(readdirSync(inbox).sort()).toEqual(['first', 'second']);
      expect(bot.getSnapshot().offers).toEqual([]);
    });
  });

  it('never go through a link', async () => {
    const inbox = fresh('inbox');
    const outside = fresh('outside');
    mkdirSync(inbox);
    symlinkSync(outside, join(inbox, 'link.txt'));
    await receiving({ folder: inbox }, async ({ ada }, next) => {
      ada.sendFile(new Blob(['secret']), { name: 'link.txt' });
      expect((await next()).attachments[0]?.path).toBe(join(inbox, 'link-2.txt'));
      expect(() => statSync(outside)).toThrow();
    });
  });

  it('that cannot be written are reported', async () => {
    const inbox = fresh('inbox');
    writeFileSync(inbox, 'a file, not a folder');
    await receiving({ folder: inbox }, async ({ ada }, next, errors) => {
      ada.sendFile(new Blob(['x']), { name: 'x' }).done.catch(() => undefined);
      await expect.poll(() => errors).toMatchObject([{ code: 'SINK_FAILED' }]);
      await ada.send('it goes on');
      expect((await next()).text).toBe('it goes on');
    });
  });

  it('are sent from below the folder only', async () => {
    const outbox = fresh('outbox');
    const elsewhere = fresh('elsewhere');
    mkdirSync(join(outbox, 'deep'), { recursive: true });
    mkdirSync(elsewhere);
    const bytes = randomBytes(100_000);
    writeFileSync(join(outbox, 'deep/data.bin'), bytes);
    writeFileSync(join(elsewhere, 'secret'), 'secret');
    symlinkSync(join(elsewhere, 'secret'), join(outbox, 'link'));
    symlinkSync(elsewhere, join(outbox, 'folder-link'));
    symlinkSync('deep/data.bin', join(outbox, 'inner-link'));
    execFileSync('mkfifo', [join(outbox, 'pipe')]);
    await inRoom(relay, protocol, async ({ ada, bot }) => {
      const refused = ['../elsewhere/secret', join(elsewhere, 'secret'), 'link', 'folder-link/secret', 'inner-link', 'deep', '.', '', '..', 'pipe', 'a\0b'];
      for (const path of refused) await expect(sendFileFrom(bot, path, { folder: outbox }), path).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(sendFileFrom(bot, 'nothing', { folder: outbox })).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
      await expect(sendFileFrom(bot, 'deep/data.bin', { folder: outbox, maxBytes: 99_999 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
      await expect(sendFileFrom(bot, 'deep/data.bin', { folder: outbox, signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
      const inbox = fresh('inbox');
      const heard = messages(ada, { files: { folder: inbox } })[Symbol.asyncIterator]();
      for (const path of ['deep/data.bin', join(outbox, 'deep/data.bin')]) {
        const transfer = await sendFileFrom(bot, path, { folder: outbox, mime: 'application/x-data' });
        const { attachments } = (await heard.next()).value as AgentMessage;
        expect(attachments[0]).toMatchObject({ name: 'data.bin', mime: 'application/x-data', size: bytes.length });
        expect(readFileSync(attachments[0]?.path ?? '').equals(bytes)).toBe(true);
        await transfer.done;
      }
      await heard.return?.();
    });
  });
});
