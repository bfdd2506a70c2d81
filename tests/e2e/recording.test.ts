import { hkdfSync, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { parseShareCode } from '../../js/index.js';
import { startEvilRelay, TYPE, type EvilRelay } from './evil-relay.js';
import { startRelay, type Relay } from './helpers.js';
import { meet, memorySink } from './watch.js';

let relay: Relay;
let evil: EvilRelay;

beforeAll(async () => {
  relay = await startRelay();
  evil = await startEvilRelay(relay.url);
});
afterAll(async () => {
  await evil.close();
  await relay.kill();
});

const ADA = 'the offer of Ada';
const GRACE = 'the offer of Grace';
const EMOJI = '\u{1f9d1}\u{200d}\u{1f680}';

/** All bytes that passed, one frame after the other. */
const recording = () => Buffer.concat(evil.recorded.map(({ bytes }) => bytes));

/** Names of the things that occur in the recording. */
function found(secrets: Readonly<Record<string, Uint8Array | string>>): string[] {
  const haystack = recording();
  return Object.entries(secrets).flatMap(([name, secret]) => (haystack.includes(typeof secret === 'string' ? secret : Buffer.from(secret)) ? [name] : []));
}

it('a relay that writes everything down learns nothing of what was said', async () => {
  const { ada, grace, adaSees, graceSees, close } = await meet(evil.url);
  const file = Buffer.concat([Buffer.from('%PDF-1.7 the plan for tomorrow '), randomBytes(200_000), Buffer.from('here the plan ends')]);
  const name = 'plan-for-tomorrow.pdf';
  const question = 'Shall we meet at the lighthouse at nine?';
  const answer = 'Yes, and bring the blue notebook with you';
  const { id } = await ada.send(question);
  await grace.send(answer, { replyTo: id });
  await grace.react(id, EMOJI);
  ada.typing();
  for (const [from, sees, to] of [[ada, graceSees, ADA], [grace, adaSees, GRACE]] as const) {
    const before = sees.events.length;
    const transfer = from.sendFile(file, { name, mime: 'application/x-secret-plan' });
    const offer = await sees.until((events) => events.slice(before).flatMap((event) => (event.type === 'file-offer' ? [event.offer] : []))[0], to);
    const sink = memorySink();
    await offer.accept(sink).done;
    await transfer.done;
    expect(sink.bytes().equals(file)).toBe(true);
  }
  await adaSees.until((events) => events.some(({ type }) => type === 'reaction'), 'the reaction');
  const { roomId, key } = parseShareCode(ada.code);
  const deviceKeys = [ada, grace].flatMap((room) => room.members.map(({ deviceKey }) => deviceKey));
  await close();

  // The search finds what a relay must know.
  const token = new Uint8Array(hkdfSync('sha256', key, 'hushroom/1', Buffer.concat([Buffer.from('admission\0'), Buffer.from(roomId)]), 32));
  expect(found({ roomId, token, protocol: 'hush1' })).toEqual(['roomId', 'token', 'protocol']);
  const sizes = (type: number) => evil.recorded.filter((frame) => frame.type === type).length;
  expect(sizes(TYPE.post)).toBeGreaterThan(6);
  expect(sizes(TYPE.bulk)).toBeGreaterThan(6);

  const windows = Array.from({ length: 200 }, (_, i) => file.subarray(i * 1000, i * 1000 + 12));
  const secrets: Record<string, Uint8Array | string> = {
    question, answer, name, EMOJI,
    'part of a text': 'lighthouse', 'part of a name': 'tomorrow', mime: 'secret-plan', Ada: 'Lovelace', Grace: 'Hopper',
    key, 'key as text': Buffer.from(key).toString('base64url'), 'key in hex': Buffer.from(key).toString('hex'),
    'key in base64': Buffer.from(key).toString('base64').slice(0, 40), code: ada.code,
    'end of the file': 'here the plan ends',
  };
  windows.forEach((bytes, i) => (secrets[`file at ${i * 1000}`] = bytes));
  deviceKeys.forEach((deviceKey, i) => {
    secrets[`device key ${i}`] = deviceKey;
    secrets[`device key ${i} in bytes`] = Buffer.from(deviceKey, 'base64url');
  });
  expect(deviceKeys).toHaveLength(4);
  expect(found(secrets)).toEqual([]);
});
