import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { expect, vi } from 'vitest';

import { ArthasChannelAdapter, connectAgent, sendFileFrom } from '../../js/agent/index.js';
import type { IncomingMessage } from '../../js/agent/index.js';
import { createRoom, joinRoom } from '../../js/room/index.js';
import type { Protocol, Room } from '../../js/room/index.js';
import { targetDir } from '../../scripts/lib/run.mjs';

const TIMEOUT_MS = 30_000;

/** A message as a member shows it. */
export interface Seen {
  /** The text of the message it answers; `''` if that is not known to the member. */
  readonly replyTo: string | undefined;
  /** The emoji of the reactions to it. */
  readonly reactions: readonly string[];
}

/** A member of whatever kind. */
export interface Peer {
  readonly name: string;
  /** The names of all who are in the room for it; `undefined` if it cannot tell. */
  members(): Promise<readonly string[] | undefined>;
  say(text: string): Promise<void>;
  /** Answers the message with the text `to`. */
  reply(to: string, text: string): Promise<void>;
  /** Reacts to the message with the text `to`; missing where a member cannot. */
  readonly react?: (to: string, emoji: string) => Promise<void>;
  /** Sends a file; resolves when all who are to have it have it. */
  sendFile(name: string, bytes: Uint8Array): Promise<void>;
  /** What it shows of the message with this text; `undefined` if there is none. */
  look(text: string): Promise<Seen | undefined>;
  /** The SHA-256 of a file it has received; `undefined` if it has not. */
  file(name: string): Promise<string | undefined>;
  leave(): Promise<void>;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Waits until `pick` gives something. */
export function poll<T>(what: string, pick: () => Promise<T | undefined | false>): Promise<T> {
  const look = async () => {
    const found = await pick();
    if (found === undefined || found === false) throw new Error(`there was no: ${what}`);
    return found;
  };
  return vi.waitFor(look, { timeout: TIMEOUT_MS, interval: 50 });
}

/** What a room's snapshot says of a message. */
function lookIn(room: Room, text: string): Seen | undefined {
  const { messages } = room.getSnapshot();
  const message = messages.find((it) => it.text === text);
  if (message === undefined) return undefined;
  const replyTo = message.replyTo === undefined ? undefined : (messages.find(({ id }) => id === message.replyTo)?.text ?? '');
  return { replyTo, reactions: Object.keys(message.reactions) };
}

const idOf = (room: Room, text: string) => room.getSnapshot().messages.find((message) => message.text === text)?.id ?? '';

/** The package in Node. Without a code it makes the room. */
export async function nodePeer(relay: string, protocol: Protocol, code?: string): Promise<Peer & { readonly code: string }> {
  const options = { relay, name: 'Node' };
  const room = code === undefined ? await createRoom({ ...options, protocol }) : await joinRoom({ ...options, code });
  const files = new Map<string, string>();
  void (async () => {
    for await (const event of room.events()) {
      if (event.type !== 'file-offer') continue;
      const chunks: Uint8Array[] = [];
      const sink = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
      void event.offer.accept(sink).done.then(() => files.set(event.offer.name, sha256(Buffer.concat(chunks))));
    }
  })();
  return {
    name: 'Node',
    code: room.code,
    members: async () => room.members.map(({ name }) => name),
    say: async (text) => void (await room.send(text)),
    reply: async (to, text) => void (await room.send(text, { replyTo: idOf(room, to) })),
    react: (to, emoji) => room.react(idOf(room, to), emoji),
    sendFile: (name, bytes) => room.sendFile(new Blob([new Uint8Array(bytes)]), { name }).done,
    look: async (text) => lookIn(room, text),
    file: async (name) => files.get(name),
    leave: () => room.close(),
  };
}

/** An agent, which receives files into a folder and answers when it is asked to. */
export async function agentPeer(relay: string, code: string, folder: string): Promise<Peer> {
  const agent = await connectAgent({ relay, code, name: 'Agent' });
  const files = new Map<string, string>();
  const answers = new Map<string, string>();
  agent.onMessage(
    ({ text, attachments }) => {
      for (const { name, path } of attachments) files.set(name, sha256(readFileSync(path)));
      return answers.get(text);
    },
    { files: { folder: join(folder, 'received') }, typing: false },
  );
  const { room } = agent;
  return {
    name: 'Agent',
    members: async () => room.members.map(({ name }) => name),
    say: async (text) => void (await agent.say(text)),
    async reply(to, text) {
      // Its handler answers what comes: here it is what was there already.
      if (lookIn(room, to) === undefined) answers.set(to, text);
      else await room.send(text, { replyTo: idOf(room, to) });
    },
    react: (to, emoji) => room.react(idOf(room, to), emoji),
    async sendFile(name, bytes) {
      writeFileSync(join(folder, name), bytes);
      await (await sendFileFrom(room, name, { folder })).done;
    },
    look: async (text) => lookIn(room, text),
    file: async (name) => files.get(name),
    leave: () => agent.close(),
  };
}

/** The channel of Arthas' agent plugin: it cannot react, and knows neither members nor reactions. */
export async function channelPeer(relay: string, code: string): Promise<Peer> {
  const channel = new ArthasChannelAdapter();
  const received: IncomingMessage[] = [];
  channel.onMessage((message) => received.push(message));
  await channel.connect({ serverUrl: `${relay.replace('http', 'ws')}/ws`, shareCode: code, displayName: 'Channel' });
  const common = { id: '', channelId: 'arthas' };
  return {
    name: 'Channel',
    members: () => Promise.resolve(undefined),
    say: (text) => channel.send({ ...common, text }),
    reply: (to, text) => channel.send({ ...common, text, replyTo: received.find((message) => message.text === to)?.id ?? '' }),
    sendFile: (fileName, data) =>
      channel.send({ ...common, text: '', attachments: [{ fileName, mimeType: 'application/octet-stream', size: data.length, data }] }),
    look: async (text) => (received.some((message) => message.text === text) ? { replyTo: undefined, reactions: [] } : undefined),
    async file(name) {
      const data = received.flatMap(({ attachments = [] }) => attachments).find(({ fileName }) => fileName === name)?.data;
      return data === undefined ? undefined : sha256(data);
    },
    leave: () => channel.disconnect(),
  };
}

/** Where the command line client is, once it is built. */
export function commandLine(): string {
  const name = process.platform === 'win32' ? 'hushroom.exe' : 'hushroom';
  const built = ['debug', 'release'].map((profile) => join(targetDir, profile, name)).find((path) => existsSync(path));
  if (built === undefined) throw new Error('the command line client is not built: cargo build -p hushroom-cli');
  return built;
}

/** What the command line client writes with `--json`. */
type Line = Readonly<Record<string, unknown>> & { readonly type: string };

/** The command line client: commands in, JSON lines out. */
export async function commandLinePeer(relay: string, code: string, folder: string): Promise<Peer> {
  const child = spawn(commandLine(), ['join', code, '--json', '--server', `${relay.replace('http', 'ws')}/ws`, '--name', 'Cli'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: folder,
  });
  const exited = once(child, 'exit');
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  const type = (command: string) => child.stdin.write(`${command}\n`);
  const all = (kind: string) => lines.filter((line) => line.type === kind);
  const own = new Map<string, string>();

  /** Has it post something, and learns the id of it. */
  async function post(command: string, text?: string) {
    const before = all('accepted').length;
    type(command);
    const id = await poll(`accepted: ${command}`, async () => all('accepted')[before]?.['id'] as string | undefined);
    if (text !== undefined) own.set(id, text);
  }

  const textOf = (id: unknown) => own.get(String(id)) ?? (all('message').find((line) => line['id'] === id)?.['text'] as string | undefined);
  const accepted = new Set<unknown>();
  await poll('the command line client is in the room', async () => lines.find((line) => line.type === 'opened'));
  return {
    name: 'Cli',
    async members() {
      const gone = all('member-left').map((line) => line['id']);
      return ['Cli', ...all('member-joined').filter((line) => !gone.includes(line['id'])).map((line) => String(line['name']))];
    },
    say: (text) => post(text, text),
    // Without a number: the last message, which is the one that is meant here.
    reply: (_, text) => post(`/reply ${text}`, text),
    react: (_, emoji) => post(`/react ${emoji}`),
    async sendFile(name, bytes) {
      writeFileSync(join(folder, name), bytes);
      const before = all('outgoing-ended').length;
      type(`/send ${name}`);
      const ended = await poll(`sent: ${name}`, async () => all('outgoing-ended')[before]);
      expect(ended['code']).toBeNull();
    },
    async look(text) {
      const message = all('message').find((line) => line['text'] === text);
      const id = message?.['id'] ?? [...own].find(([, mine]) => mine === text)?.[0];
      if (id === undefined) return undefined;
      const reactions = all('reaction').filter((line) => line['messageId'] === id).map((line) => String(line['emoji']));
      const replyTo = message?.['replyTo'] == null ? undefined : (textOf(message['replyTo']) ?? '');
      return { replyTo, reactions };
    },
    async file(name) {
      const offer = all('file-offer').find((line) => line['name'] === name);
      if (offer === undefined) return undefined;
      const path = join(folder, `received-${name}`);
      if (!accepted.has(offer['id'])) {
        accepted.add(offer['id']);
        type(`/accept ${path}`);
      }
      const received = all('received').find((line) => line['id'] === offer['id']);
      return received === undefined ? undefined : sha256(readFileSync(path));
    },
    async leave() {
      type('/quit');
      const [status] = (await exited) as [number | null];
      expect(status).toBe(0);
    },
  };
}
