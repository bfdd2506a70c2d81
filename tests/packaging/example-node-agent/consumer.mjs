import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { until, watchMembers } from '../lib/members.mjs';

export const title = 'examples/node-agent';
export const source = '../../examples/node-agent';

const FILE = randomBytes(1_500_000);
const READY = /^in the room: (\S+)$/m;

/**
 * The bot in a process of its own, as `npm start` runs it, and with what npm has installed for it. What it answers to whom is tested by
 * tests/js/agent-example.test.ts.
 *
 * @param {import('../lib/project.mjs').Project} project
 */
export async function check(project) {
  const { folder, relay } = project;
  const { createRoom, joinRoom } = createRequire(join(folder, 'package.json'))('hushroom/room');

  // It makes a room.
  const bot = await project.start('npm', ['start'], { env: { RELAY: relay }, ready: READY });
  const ada = await joinRoom({ relay, code: bot.url, name: 'Ada' });
  project.defer(() => ada.close());
  const said = (/** @type {RegExp} */ pattern) =>
    until(ada, String(pattern), () => ada.getSnapshot().messages.find((/** @type {any} */ { from, text }) => from.name === 'Dice' && pattern.test(text)));
  await until(ada, 'the bot', () => ada.members.length === 2);
  await ada.send('/roll 2d20');
  await said(/^\d+ \+ \d+ = \d+$/);
  await ada.sendFile(new Blob([FILE]), { name: '../data.bin' }).done;
  await said(new RegExp(`: 1500000 bytes, SHA-256 ${createHash('sha256').update(FILE).digest('hex')}$`));
  assert.deepEqual(readFileSync(join(folder, 'received/data.bin')), FILE);

  // SIGTERM: it says goodbye, and does not just vanish for the relay to find out 30 seconds later.
  await leaves(ada, bot);
  assert.doesNotMatch(bot.output(), /Error|Warning|left:/);

  // It is invited.
  const grace = await createRoom({ relay, name: 'Grace' });
  project.defer(() => grace.close());
  const guest = await project.start('node', ['bot.js'], { env: { RELAY: relay, CODE: grace.code, NAME: 'Guest' }, ready: READY });
  await until(grace, 'the guest', () => grace.members.some((/** @type {any} */ { name }) => name === 'Guest'));
  await leaves(grace, guest);

  // Without a relay it fails, and says why.
  await assert.rejects(project.run('node', ['bot.js'], { env: { RELAY: 'ws://127.0.0.1:1/ws' } }), /exit code 1[^]*CONNECT_FAILED/);
}

/** Ends a bot, which must leave the room by itself. @param {any} room @param {import('../lib/processes.mjs').Started} bot */
async function leaves(room, bot) {
  const changes = watchMembers(room);
  await Promise.all([changes.first('member-left', 5_000), bot.stop()]);
  assert.equal(changes.stop().length, 1);
}
