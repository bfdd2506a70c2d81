import { afterAll, beforeAll, expect, it } from 'vitest';

import { createRoom, joinRoom } from '../../js/room/index.js';
import { startEvilRelay } from '../e2e/evil-relay.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { watch } from '../e2e/watch.js';
import { codeOfAsync } from './helpers.js';

const MAX_BYTES = 1_048_576;

let relay: Relay;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(() => relay.kill());

/** Characters of every length in UTF-8, no two lines the same. */
function text(bytes: number): string {
  let made = '';
  for (let line = 0; made.length < bytes / 2; line += 1) made += `${line} é€\u{1f600}\n`;
  return made + 'x'.repeat(bytes - Buffer.byteLength(made));
}

it('a text of 1 MiB comes whole, over a connection that is cut on the way', async () => {
  const evil = await startEvilRelay(relay.url);
  const ada = await createRoom({ relay: relay.url, name: 'Ada' });
  const grace = await joinRoom({ relay: evil.url, name: 'Grace', code: ada.code });
  await expect.poll(() => ada.members.length, { timeout: 20_000 }).toBe(2);
  const sees = watch(grace);
  const long = text(MAX_BYTES);
  expect(Buffer.byteLength(long)).toBe(MAX_BYTES);
  const sending = ada.send(long);
  const parts = () => evil.recorded.filter(({ direction, bytes }) => direction === 'down' && bytes.length > 30_000).length;
  await expect.poll(parts, { timeout: 20_000 }).toBeGreaterThan(3);
  expect(sees.texts()).toEqual([]);
  evil.cut();
  const sent = await sending;
  expect(sent.accepted).toBe(true);
  await sees.until(() => sees.texts().length > 0, 'the text');
  expect(sees.texts()[0] === long).toBe(true);
  const [message] = grace.getSnapshot().messages;
  expect([message?.id, message?.verification]).toEqual([sent.id, 'verified']);
  await grace.react(sent.id, '\u{1f44d}');
  await ada.send('short', { replyTo: sent.id });
  await sees.until(() => sees.texts().length > 1, 'the next');
  expect(sees.errors()).toEqual([]);
  expect(await codeOfAsync(ada.send(`${long}x`))).toBe('TEXT_TOO_LONG');
  await Promise.all([ada.close(), grace.close()]);
  await evil.close();
});
