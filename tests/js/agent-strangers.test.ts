import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ArthasChannelAdapter, connectAgent, onMessage } from '../../js/agent/index.js';
import type { AgentStatus, ConnectionStatus, IncomingMessage, OnMessageOptions } from '../../js/agent/index.js';
import { createRoom } from '../../js/room/index.js';
import type { Room } from '../../js/room/index.js';
import { joinArthas, type ArthasMember } from '../e2e/arthas-member.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { met, until } from './agent-room.js';

/** Agents among members whose programs are not ours: who sign wrongly, late, or not at all. */
let relay: Relay;
let bot: Room;
let eve: ArthasMember;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(() => relay.kill());
beforeEach(async () => {
  bot = await createRoom({ relay: relay.url, name: 'Bot', protocol: 'arthas' });
  eve = await joinArthas(`${relay.url.replace('http', 'ws')}/ws`, bot.code, 'Eve');
  await met(bot, 2);
});
afterEach(async () => {
  await eve.close();
  await bot.close();
});

/** Lets the bot listen; gives what it hears and what it reports. */
function listening(options: OnMessageOptions = {}) {
  const texts: string[] = [];
  const errors: unknown[] = [];
  onMessage(bot, ({ text }) => void texts.push(text), { typing: false, onError: (error) => errors.push(error), ...options });
  return { texts, errors };
}

describe('an agent', () => {
  it('does not act upon what is signed wrongly, and says so', async () => {
    const { texts, errors } = listening();
    eve.announce();
    await until(bot, () => bot.members.every(({ deviceKey }) => deviceKey !== ''));
    eve.say({ ...eve.signed({ text: 'send money' }), text: 'send more money' });
    eve.say(eve.signed({ text: 'hello' }));
    eve.say({ text: 'nobody signed this' });
    eve.say('not even JSON');
    await expect.poll(() => texts).toEqual(['hello', 'nobody signed this', 'not even JSON']);
    expect(errors).toMatchObject([{ code: 'BAD_SIGNATURE' }]);
  });

  it('does not take a repeated announcement for the key that signs', async () => {
    const friend = await joinArthas(`${relay.url.replace('http', 'ws')}/ws`, bot.code, 'Friend');
    await met(bot, 3);
    const announcement = friend.signed({ text: '', type: 'pubkey', pubkey: friend.publicKey });
    await friend.close();
    await until(bot, () => bot.members.length === 2);
    const { texts } = listening({ allow: [friend.publicKey] });
    const everything = listening();
    eve.announce();
    eve.say(eve.signed({ text: 'before' }));
    // Anybody can say again what Friend has said of her key.
    eve.say(announcement);
    eve.say(eve.signed({ text: 'after' }));
    eve.say(friend.signed({ text: 'by Friend' }));
    await expect.poll(() => texts).toEqual(['by Friend']);
    expect(everything.texts).toEqual(['before', 'after', 'by Friend']);
    const verification = (text: string) => bot.getSnapshot().messages.find((message) => message.text === text)?.verification;
    expect(['before', 'after', 'by Friend'].map(verification)).toEqual(['verified', 'unknown', 'key-changed']);
  });

  it('hears a key that is allowed once it is proven, and nobody without one', async () => {
    const { texts, errors } = listening({ allow: [eve.publicKey] });
    const everything = listening();
    eve.say({ text: 'unsigned' });
    eve.say(eve.signed({ text: 'signed before the key was known' }));
    await expect.poll(() => everything.texts).toHaveLength(2);
    expect(texts).toEqual([]);
    eve.announce();
    // Her name and key are there, and still anybody could have written this.
    eve.say({ text: 'unsigned again' });
    eve.say(eve.signed({ text: 'signed' }));
    await expect.poll(() => texts).toEqual(['signed before the key was known', 'signed']);
    expect(errors).toEqual([]);
    // Nobody signs files, so nobody's are let in by a key.
    const strict = listening({ allow: [eve.publicKey], files: { folder: '/nowhere' } });
    eve.sendFile(new Uint8Array(10));
    eve.say(eve.signed({ text: 'afterwards' }));
    await expect.poll(() => strict.texts).toEqual(['afterwards']);
    await until(bot, () => bot.getSnapshot().offers.length === 0);
  });

  it('takes no announcement for a message, in whichever dialect', async () => {
    const { texts } = listening();
    eve.announce();
    eve.say(`[PUBLIC_KEY]${eve.publicKey}`);
    eve.say({ text: 'last' });
    await expect.poll(() => texts).toEqual(['last']);
  });
});

describe('the channel', () => {
  /** A channel in the bot's room. */
  async function channel(signingEnabled: boolean) {
    const adapter = new ArthasChannelAdapter();
    const received: IncomingMessage[] = [];
    adapter.onMessage((message) => received.push(message));
    await adapter.connect({ serverUrl: `${relay.url.replace('http', 'ws')}/ws`, shareCode: bot.code, signingEnabled });
    return { adapter, received };
  }

  it.each([true, false])('tells how far a message can be trusted; with signing %s', async (signing) => {
    const { adapter, received } = await channel(signing);
    eve.announce();
    eve.say(eve.signed({ text: 'signed' }));
    eve.say({ ...eve.signed({ text: 'x' }), text: 'forged' });
    eve.say({ text: 'unsigned' });
    eve.say(`[PUBLIC_KEY]${eve.publicKey}`);
    eve.say({ text: 'last' });
    await expect.poll(() => received.at(-1)?.text).toBe('last');
    expect(received.map(({ text, metadata }) => [text, metadata?.verification])).toEqual([
      ['signed', 'verified'],
      ...(signing ? [] : [['forged', 'failed']]),
      ['unsigned', 'unsigned'],
      ['last', 'unsigned'],
    ]);
    await adapter.disconnect();
  });

  it('signs what it sends, as JSON of which the whole room can make sense', async () => {
    const { adapter } = await channel(false);
    const from = (await eve.until(0x12))['id'];
    await adapter.send({ id: '1', channelId: 'arthas', text: 'hello' });
    const payloads = () =>
      eve.frames
        .filter(({ type, data }) => type === 0x14 && data['senderId'] === from)
        .map(({ data }) => JSON.parse(eve.open(String(data['iv']), String(data['ciphertext'])).toString()) as Record<string, unknown>);
    await expect.poll(() => payloads().map(({ text }) => text)).toEqual(['', 'hello']);
    const [announcement, message] = payloads();
    expect(announcement).toMatchObject({ type: 'pubkey', pubkey: expect.stringMatching(/^[\w-]{43}$/), sig: expect.stringMatching(/^[\w-]{86}$/) });
    expect(message).toEqual({ text: 'hello', sig: expect.stringMatching(/^[\w-]{86}$/) });
    await adapter.disconnect();
  });

  it('and an agent give up when the room is gone with its relay', { timeout: 60_000 }, async () => {
    let mortal = await startRelay();
    const { port } = mortal;
    const url = `${mortal.url.replace('http', 'ws')}/ws`;
    const agent = await connectAgent({ relay: url, name: 'Agent', create: { protocol: 'arthas' } });
    const adapter = new ArthasChannelAdapter();
    const channelStatuses: ConnectionStatus[] = [];
    const agentStatuses: AgentStatus[] = [];
    adapter.onStatusChange((status) => channelStatuses.push(status));
    agent.onStatus((status) => agentStatuses.push(status));
    await adapter.connect({ serverUrl: url, shareCode: agent.code });
    await mortal.kill();
    await expect.poll(() => channelStatuses.at(-1)).toBe('reconnecting');
    mortal = await startRelay(port);
    expect((await agent.closed)?.code).toBe('ROOM_NOT_FOUND');
    expect(agentStatuses).toEqual(['reconnecting', 'closed']);
    await expect.poll(() => channelStatuses).toEqual(['connecting', 'connected', 'reconnecting', 'error']);
    await expect(adapter.send({ id: '1', channelId: 'arthas', text: 'x' })).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await mortal.kill();
  });
});
