import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { ArthasChannelAdapter, definePlugin } from '../../js/agent/index.js';
import type { ArthasChannelConfig, ConnectionStatus, IncomingMessage } from '../../js/agent/index.js';
import plugin from '../../js/agent/plugin.js';
import { at } from '../../scripts/lib/run.mjs';
import { createRoom } from '../../js/room/index.js';
import type { Protocol, Room } from '../../js/room/index.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { heard, met, until } from './agent-room.js';

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const CODE = `V1StGXR8_Z5jdHi6B-myT:${KEY}`;
let relay: Relay;
let serverUrl: string;

beforeAll(async () => {
  relay = await startRelay();
  serverUrl = `${relay.url.replace('http', 'ws')}/ws`;
});
afterAll(() => relay.kill());
afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('ARTHAS_')) delete process.env[name];
});

/** A channel, and all that it says. */
function channel() {
  const adapter = new ArthasChannelAdapter();
  const received: IncomingMessage[] = [];
  const statuses: ConnectionStatus[] = [];
  adapter.onMessage((message) => received.push(message));
  adapter.onStatusChange((status) => statuses.push(status));
  return { adapter, received, statuses };
}

async function connected(protocol: Protocol, use: (it: ReturnType<typeof channel> & { ada: Room }) => Promise<void>, config: ArthasChannelConfig = {}) {
  const ada = await createRoom({ relay: serverUrl, name: 'Ada', protocol });
  const it = channel();
  try {
    await it.adapter.connect({ serverUrl, shareCode: ada.code, ...config });
    await met(ada, 2);
    await use({ ...it, ada });
  } finally {
    await it.adapter.disconnect();
    await ada.close();
  }
}

describe('the plugin', () => {
  it('is what its hosts expect', () => {
    const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as { version: string };
    expect(plugin.definition).toEqual({ name: 'hushroom', version, channels: [{ id: 'arthas', name: 'Arthas E2EE Chat', adapter: ArthasChannelAdapter }] });
    const definition = { name: 'x', version: '1', channels: [] };
    expect(definePlugin(definition)).toEqual({ definition });
  });
});

describe.each(['arthas', 'hush1'] as const)('the channel in a %s room', (protocol) => {
  it('talks both ways, with real payloads', () =>
    connected(protocol, async ({ adapter, received, statuses, ada }) => {
      expect(statuses).toEqual(['connecting', 'connected']);
      const question = await ada.send('{"text":"as it is"}');
      await expect.poll(() => received).toHaveLength(1);
      const [message] = received;
      expect(message).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        channelId: 'arthas',
        userId: expect.any(String),
        userName: 'Ada',
        text: '{"text":"as it is"}',
        timestamp: expect.any(Date),
        // In an Arthas room Ada's key may still be on its way to who has just come.
        metadata: { serverTimestamp: expect.any(Number), verification: protocol === 'hush1' ? 'verified' : expect.stringMatching(/^verified$|^unknown$/) },
      });
      expect(Math.abs((message?.timestamp.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
      await adapter.send({ id: '1', channelId: 'arthas', text: 'an answer', replyTo: message?.id ?? '' });
      await heard(ada, 1);
      const answer = ada.getSnapshot().messages.find(({ from }) => !from.self);
      expect(answer).toMatchObject({ text: 'an answer', verification: 'verified', from: { name: 'AI Assistant' }, replyTo: question.id });
      // Announcements are no messages, whoever writes them.
      await ada.send(`[PUBLIC_KEY]${KEY}`);
      await ada.send('last');
      await expect.poll(() => received.map(({ text }) => text)).toEqual(['{"text":"as it is"}', 'last']);
    }));

  it('splits texts, sends files first and says that it is typing', () =>
    connected(protocol, async ({ adapter, received, ada }) => {
      await adapter.send({ id: '1', channelId: 'arthas', text: '', type: 'typing' });
      await until(ada, () => ada.getSnapshot().typing.length === 1);
      // Whoever has just come does not know yet who else is here, and files are for those.
      await ada.send('hello');
      await expect.poll(() => received.splice(0)).toHaveLength(1);
      const data = randomBytes(70_000);
      const text = `${'a'.repeat(3_000)}\n${'b'.repeat(3_000)}`;
      const order: string[] = [];
      void (async () => {
        for await (const event of ada.events()) {
          if (event.type === 'message' && !event.fromSelf) order.push(`text of ${event.message.text.length}`);
          if (event.type !== 'file-offer') continue;
          const chunks: Uint8Array[] = [];
          const transfer = event.offer.accept(new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) }));
          await transfer.done;
          order.push(`${event.offer.name} ${event.offer.mime} ${data.equals(Buffer.concat(chunks))}`);
        }
      })();
      const attachments = [{ fileName: 'data.bin', mimeType: 'application/x-data', size: data.length, data }];
      await adapter.send({ id: '2', channelId: 'arthas', text, attachments });
      await expect.poll(() => order).toEqual(['data.bin application/x-data true', 'text of 3000', 'text of 3000']);
      const back = ada.sendFile(new Blob([data]), { name: 'back.bin', mime: 'image/png' });
      await expect.poll(() => received).toHaveLength(1);
      await back.done;
      const [message] = received;
      expect(message).toMatchObject({ text: '[文件] back.bin', attachments: [{ fileName: 'back.bin', mimeType: 'image/png', size: data.length }] });
      expect(data.equals(message?.attachments?.[0]?.data ?? new Uint8Array())).toBe(true);
      const large = { fileName: 'x', mimeType: 'x/y', size: 1, data: new Uint8Array(5 * 1024 * 1024 + 1) };
      await expect(adapter.send({ id: '3', channelId: 'arthas', text: 'x', attachments: [large] })).rejects.toMatchObject({ code: 'TOO_LARGE' });
    }));

  it('goes when it is told to, and can come again', () =>
    connected(protocol, async ({ adapter, statuses, ada }) => {
      await expect(adapter.connect({ serverUrl, shareCode: ada.code })).rejects.toMatchObject({ code: 'INVALID_STATE' });
      await adapter.disconnect();
      await adapter.disconnect();
      await met(ada, 1);
      await expect(adapter.send({ id: '1', channelId: 'arthas', text: 'x' })).rejects.toMatchObject({ code: 'INVALID_STATE' });
      await adapter.connect({ serverUrl, shareCode: ada.code });
      await met(ada, 2);
      expect(statuses).toEqual(['connecting', 'connected', 'disconnected', 'connecting', 'connected']);
    }));
});

describe('what cannot be connected', () => {
  const failure = async (config: ArthasChannelConfig) => {
    const it = channel();
    const error = await it.adapter.connect(config).then(() => undefined, (reason: unknown) => reason as Error & { code: string });
    expect(it.statuses).toEqual(['connecting', 'error']);
    return { code: error?.code, message: error?.message };
  };

  it.each([
    [{}, 'INVALID_ARGUMENT', 'serverUrl'],
    [{ serverUrl: 'ws://localhost' }, 'INVALID_ARGUMENT', 'shareCode'],
    [{ serverUrl: 'https://localhost', shareCode: CODE }, 'INVALID_ARGUMENT', 'ws://'],
    [{ serverUrl: 7 as never, shareCode: CODE }, 'INVALID_ARGUMENT', 'serverUrl'],
    [{ serverUrl: 'ws://localhost', shareCode: 'x:y' }, 'INVALID_SHARE_CODE', 'invalid share code'],
    [{ serverUrl: 'ws://localhost', shareCode: CODE.slice(1) }, 'INVALID_SHARE_CODE', 'invalid share code'],
    [{ serverUrl: 'ws://127.0.0.1:9', shareCode: CODE }, 'CONNECT_FAILED', ''],
  ])('%j: %s', async (config, code, text) => {
    const error = await failure(config);
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
    expect(error.message).not.toContain(KEY.slice(5));
  });

  it('a room that is not there, in the words callers look for', async () => {
    expect(await failure({ serverUrl, shareCode: CODE })).toEqual({ code: 'ROOM_NOT_FOUND', message: 'room not found' });
  });

  it('a room with a password, without it or with another', async () => {
    const ada = await createRoom({ relay: serverUrl, name: 'Ada', protocol: 'arthas', password: 'hunter22' });
    expect((await failure({ serverUrl, shareCode: ada.code })).code).toBe('WRONG_PASSWORD');
    expect((await failure({ serverUrl, shareCode: ada.code, roomPassword: 'hunter23' })).code).toBe('WRONG_PASSWORD');
    // The environment comes first.
    process.env['ARTHAS_ROOM_PASSWORD'] = 'hunter22';
    process.env['ARTHAS_DISPLAY_NAME'] = 'From outside';
    const { adapter } = channel();
    await adapter.connect({ serverUrl, shareCode: ada.code, roomPassword: 'wrong', displayName: 'From inside' });
    await met(ada, 2);
    expect(ada.members.map(({ name }) => name)).toEqual(['Ada', 'From outside']);
    await adapter.disconnect();
    await ada.close();
  });

  it('an attempt that is given up', async () => {
    const { adapter, statuses } = channel();
    const attempt = adapter.connect({ serverUrl, shareCode: CODE });
    await adapter.disconnect();
    await expect(attempt).rejects.toMatchObject({ code: 'CLOSED' });
    expect(statuses).toEqual(['connecting', 'disconnected']);
  });
});

describe('a channel that loses its relay', () => {
  it('reports it and comes back', { timeout: 60_000 }, async () => {
    let mortal = await startRelay();
    const url = `${mortal.url.replace('http', 'ws')}/ws`;
    const ada = await createRoom({ relay: url, name: 'Ada' });
    const { adapter, received, statuses } = channel();
    await adapter.connect({ serverUrl: url, shareCode: ada.code });
    await mortal.kill();
    await expect.poll(() => statuses.at(-1)).toBe('reconnecting');
    const { port } = mortal;
    mortal = await startRelay(port);
    await expect.poll(() => statuses, { timeout: 30_000 }).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
    await ada.send('still here');
    await expect.poll(() => received.map(({ text }) => text)).toEqual(['still here']);
    await adapter.disconnect();
    await ada.close();
    await mortal.kill();
  });
});
