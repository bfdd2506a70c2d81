import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { demoPeer } from './everybody-demo.js';
import { agentPeer, channelPeer, commandLinePeer, nodePeer, poll, type Peer } from './everybody-peers.js';
import { launchBrowser, startRelay, type Relay } from './helpers.js';

const FILE_BYTES = 150_000;
const EMOJI = '\u{1f44d}';
const NAMES = ['Agent', 'Channel', 'Cli', 'Demo', 'Node'];

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hushroom-everybody-')));
let relay: Relay;
let browser: Browser;

beforeAll(async () => {
  [relay, browser] = await Promise.all([startRelay(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await relay.kill();
  rmSync(folder, { recursive: true });
});

/** A folder of its own. */
function place(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

describe.each(['hush1', 'arthas'] as const)('everybody in one %s room', (protocol) => {
  const peers: Peer[] = [];

  beforeAll(async () => {
    const node = await nodePeer(relay.url, protocol);
    peers.push(node);
    peers.push(await demoPeer(browser, relay.url, node.code));
    peers.push(await agentPeer(relay.url, node.code, place(`${protocol}-agent`)));
    peers.push(await channelPeer(relay.url, node.code));
    peers.push(await commandLinePeer(relay.url, node.code, place(`${protocol}-cli`)));
  });
  afterAll(async () => {
    for (const peer of peers) await peer.leave();
  });

  /** Each in turn, with the one before it and all others. */
  async function inTurn(action: (peer: Peer, before: Peer, others: readonly Peer[]) => Promise<void>) {
    for (const [index, peer] of peers.entries()) {
      await action(peer, peers.at(index - 1) as Peer, peers.filter((it) => it !== peer));
    }
  }

  it('sees everybody', async () => {
    for (const peer of peers) {
      await poll(`${peer.name} sees all`, async () => {
        const names = await peer.members();
        return names === undefined || [...names].sort().join() === NAMES.join();
      });
    }
  });

  it('reads what each of them says', () =>
    inTurn(async (peer, _, others) => {
      const text = `hello from ${peer.name} \u{1f469}\u200d\u{1f52c} <&>`;
      await peer.say(text);
      for (const other of others) await poll(`${other.name} reads ${peer.name}`, () => other.look(text));
    }));

  it('sees which message each of them answers', () =>
    inTurn(async (peer, before, others) => {
      const question = `a question of ${before.name}`;
      await before.say(question);
      await poll(`${peer.name} reads the question`, () => peer.look(question));
      for (const other of others) if (other !== before) await poll(`${other.name} reads the question`, () => other.look(question));
      const text = `the answer of ${peer.name}`;
      await peer.reply(question, text);
      for (const other of others) {
        const seen = await poll(`${other.name} reads the answer of ${peer.name}`, () => other.look(text));
        if (other.name !== 'Channel') expect(seen.replyTo, `${other.name} of ${peer.name}`).toBe(question);
      }
    }));

  it('sees the reactions of each of them', () =>
    inTurn(async (peer, before, others) => {
      if (peer.react === undefined) return;
      const text = `something by ${before.name}`;
      await before.say(text);
      for (const other of peers) if (other !== before) await poll(`${other.name} reads it`, () => other.look(text));
      await peer.react(text, EMOJI);
      for (const other of others) {
        if (other.react === undefined) continue;
        await poll(`${other.name} sees the reaction of ${peer.name} to ${before.name}`, async () =>
          (await other.look(text))?.reactions.includes(EMOJI),
        );
      }
    }));

  it('gets the file of each of them, bit for bit', () =>
    inTurn(async (peer, _, others) => {
      const bytes = randomBytes(FILE_BYTES);
      const hash = createHash('sha256').update(bytes).digest('hex');
      const name = `${peer.name}.bin`;
      const arrives = async () => {
        for (const other of others) expect(await poll(`${other.name} has the file of ${peer.name}`, () => other.file(name))).toBe(hash);
      };
      await Promise.all([peer.sendFile(name, bytes), arrives()]);
    }));
});
