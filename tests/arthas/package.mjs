// Our package and Arthas' clients in one room.

import { createHash, randomBytes } from 'node:crypto';

import { at } from '../../scripts/lib/run.mjs';

/** @typedef {import('../../js/room/index.js').Room} Room */
/** @typedef {import('../../js/room/index.js').RoomEvent} RoomEvent */
/** @typedef {ReturnType<typeof import('./peer.mjs').startPeer>} Peer */
/** @typedef {ReturnType<typeof import('./checks.mjs').createChecks>} Checks */

const TIMEOUT_MS = 30_000;
/** What Arthas' web client needs where it races with itself, a little less than the 50 ms that we leave. */
const MIN_GAP_S = 0.04;
const SIZES = [1, 65_537, 5 * 1024 * 1024];
const THUMBS_UP = '\u{1f44d}';
const PARTY = '\u{1f389}';

/** @param {Uint8Array} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * Waits until `pick` gives something, looking after each change of the room.
 *
 * @template T
 * @param {Room} room
 * @param {string} what
 * @param {() => T | undefined | false} pick
 * @returns {Promise<T>}
 */
function until(room, what, pick) {
  return new Promise((resolve, reject) => {
    const end = setTimeout(() => (stop(), reject(new Error(`there was no: ${what}`))), TIMEOUT_MS);
    const look = () => {
      const found = pick();
      if (found === undefined || found === false) return;
      clearTimeout(end);
      stop();
      resolve(found);
    };
    const stop = room.subscribe(look);
    look();
  });
}

/** @param {Room} room @param {string} text @param {string} [verification] */
const said = (room, text, verification) =>
  until(room, `${verification ?? 'message'} ${text}`, () =>
    room.getSnapshot().messages.find((message) => message.text === text && (verification === undefined || message.verification === verification)),
  );

/**
 * The file with this name, and its bytes.
 *
 * @param {Room} room
 * @param {string} name
 */
async function received(room, name) {
  const offer = await until(room, `file ${name}`, () => room.getSnapshot().offers.find((it) => it.name === name));
  /** @type {Uint8Array[]} */
  const chunks = [];
  await offer.accept(new WritableStream({ write: (chunk) => void chunks.push(chunk) })).done;
  return { offer, bytes: Buffer.concat(chunks) };
}

/** @param {Checks} check @param {Peer} peer @param {string} relay */
export async function withPackage(check, peer, relay) {
  const hush = await import(at('dist/room.node.js'));
  /** @param {object} options @returns {Promise<Room>} */
  const create = (options) => hush.createRoom({ relay, name: 'Node', protocol: 'arthas', ...options });
  // Side by side: most of the time is spent waiting for what the protocol's pace asks for.
  await Promise.all([
    ...['web', 'cli'].map((dialect) => check.group(`package and ${dialect}`, () => chat(check, peer, create, dialect))),
    check.group('package and plugin', () => withPlugin(check, peer, create)),
    check.group('files', () => files(check, peer, create)),
    check.group('joining', () => joining(check, peer, hush, relay)),
    check.group('pace', () => pace(check, peer, create)),
    check.group('ephemeral', () => ephemeral(check, peer, create)),
    check.group('expiry', () => expiry(check, create)),
  ]);
}

/** @param {Checks} check @param {Peer} peer @param {(options: object) => Promise<Room>} create @param {string} dialect */
async function chat(check, peer, create, dialect) {
  const room = await create({});
  const [bob, eve] = [`${dialect}-bob`, `${dialect}-eve`];
  const { id } = await peer.ask(bob, 'join', { dialect, code: room.code, name: 'Bob' });
  await peer.ask(eve, 'join', { code: room.code, name: 'Eve' });
  check.equal(await peer.ask(bob, 'sees', { count: 3 }), ['Bob', 'Eve', 'Node'], `${dialect}: sees everybody`);
  const member = await until(room, "Bob's key", () => room.members.find((it) => it.name === 'Bob' && it.deviceKey !== ''));
  check.equal(member.id, id, `${dialect}: the member's id is the relay's`);

  const text = await peer.ask(bob, 'awkward');
  const mine = await room.send(text);
  const theirs = await peer.ask(bob, 'message', { text, state: 'verified' });
  check.equal(theirs.from, 'Node', `${dialect}: our signed text is verified, whatever is in it`);
  const late = await peer.ask(eve, 'message', { text, state: 'verified' });
  check.equal(late.stableId, theirs.stableId, `${dialect}: by who came later too, since keys are announced anew`);
  await peer.ask(bob, 'say', { text: `${text} back` });
  const back = await said(room, `${text} back`, 'verified');
  check.equal(back.from.name, 'Bob', `${dialect}: its signed text is verified by us`);

  for (const [op, options, verification] of /** @type {const} */ ([
    ['forge', { text: 'forged' }, 'failed'],
    ['say', { text: 'unsigned', signed: false }, 'unsigned'],
    ['raw', { text: 'not even JSON' }, 'unsigned'],
  ])) {
    await peer.ask(bob, op, options);
    check((await said(room, options.text, verification)) !== undefined, `${dialect}: ${options.text} is told as ${verification}`);
  }

  const own = (await peer.ask(eve, 'messages', { count: 5 })).find((/** @type {any} */ it) => it.text === `${text} back`);
  await room.send('our answer', { replyTo: back.id });
  const answer = await peer.ask(bob, 'message', { text: 'our answer', state: 'verified' });
  check.equal([answer.reply.stableId, answer.reply.senderName], [own.stableId, 'Bob'], `${dialect}: our reply points at what others know as the message`);
  await peer.ask(bob, 'say', { text: 'their answer', quoted: theirs });
  const reply = await said(room, 'their answer', 'verified');
  check.equal([reply.replyTo, reply.quote?.senderName], [mine.id, 'Node'], `${dialect}: its reply points at our message`);

  await room.react(back.id, THUMBS_UP);
  await room.react(back.id, THUMBS_UP, 'remove');
  const [added, removed] = await peer.ask(eve, 'reactions', { count: 2 });
  check.equal([added.stableId, added.emoji, added.action, removed.action], [own.stableId, THUMBS_UP, 'add', 'remove'], `${dialect}: our reaction, and taking it back`);
  await peer.ask(eve, 'react', { stable_id: theirs.stableId, emoji: PARTY });
  await until(room, 'a reaction', () => room.getSnapshot().messages.find((it) => it.id === mine.id)?.reactions[PARTY]);
  check(true, `${dialect}: a reaction to our message finds it`);

  for (const plain of [true, false]) {
    await peer.ask(bob, 'typing', { on: true, plain });
    await until(room, 'typing', () => room.getSnapshot().typing.includes(id));
    await peer.ask(bob, 'typing', { on: false, plain });
    await until(room, 'no typing', () => !room.getSnapshot().typing.includes(id));
    check(true, `${dialect}: its typing, ${plain ? 'plain' : 'sealed'}`);
  }
  room.typing();
  await peer.ask(eve, 'typists', { on: true });
  check(true, `${dialect}: our typing`);

  const change = (async () => {
    for await (const event of room.events({ signal: AbortSignal.timeout(TIMEOUT_MS) })) if (event.type === 'member-key') return event;
    return undefined;
  })();
  await peer.ask(bob, 'announce');
  const event = await change;
  check.equal([event?.member.id, event?.changed], [id, true], `${dialect}: a changed key is told`);
  const { problems, errors, keyChanges } = await peer.ask(bob, 'state');
  check.equal({ problems, errors, keyChanges }, { problems: [], errors: [], keyChanges: 0 }, `${dialect}: nothing strange for it`);
  await peer.ask(bob, 'leave');
  await until(room, 'Bob gone', () => room.members.every((it) => it.name !== 'Bob'));
  await peer.ask(eve, 'leave');
  await room.close();
}

/** @param {Checks} check @param {Peer} peer @param {(options: object) => Promise<Room>} create */
async function withPlugin(check, peer, create) {
  const room = await create({});
  await peer.ask('plugin', 'join', { dialect: 'plugin', code: room.code, name: 'Agent' });
  await peer.ask('plugin', 'say', { text: 'raw text' });
  await said(room, 'raw text', 'unsigned');
  check.equal(room.getSnapshot().messages.map((it) => it.text), ['raw text'], 'plugin: its announcement is no message');
  const data = randomBytes(100_000);
  const sending = peer.ask('plugin', 'send_file', { name: 'plugin.bin', data: data.toString('base64'), dialect: 'plugin', pause_s: 0 });
  const { offer, bytes } = await received(room, 'plugin.bin');
  await sending;
  check.equal([offer.size, sha256(bytes)], [data.length, sha256(data)], 'plugin: its file, in its own dialect and without pauses');
  await peer.ask('plugin', 'leave');
  await room.close();
}

/** @param {Checks} check @param {Peer} peer @param {(options: object) => Promise<Room>} create */
async function files(check, peer, create) {
  const room = await create({});
  await peer.ask('files', 'join', { code: room.code, name: 'Bob' });
  await until(room, 'Bob', () => room.members.length === 2);
  /** @type {number[][]} */
  const gaps = [];
  for (const size of SIZES) {
    const data = randomBytes(size);
    const name = `${size}.bin`;
    const transfer = room.sendFile(new Blob([data]), { name, mime: 'application/x-data' });
    const got = await peer.ask('files', 'file', { name });
    gaps.push(got.gaps);
    check.equal([got.state, got.why, got.sha256], ['done', '', sha256(data)], `file of ${size} bytes: ours, bit for bit`);
    check.equal([got.meta.fileSize, got.meta.mimeType, got.meta.totalChunks], [size, 'application/x-data', Math.ceil(size / 65_536)], 'file: what is said of it');
    await transfer.done;
    check.equal(transfer.state, 'done', `file of ${size} bytes: acknowledged`);
    const sending = peer.ask('files', 'send_file', { name: `their ${name}`, data: data.toString('base64') });
    const { offer, bytes } = await received(room, `their ${name}`);
    await sending;
    check.equal([offer.size, sha256(bytes)], [size, sha256(data)], `file of ${size} bytes: theirs, bit for bit and acknowledged`);
  }
  // Any one of them: a busy machine may push frames together that were sent apart.
  check(gaps.some(([meta]) => meta >= MIN_GAP_S), 'file: time for the web client to read what is said of it', gaps);
  check(gaps.some(([, complete]) => complete >= MIN_GAP_S), 'file: and to open the last chunk', gaps);
  const voice = randomBytes(30_000);
  void room.sendFile(new Blob([voice]), { name: 'voice.webm', mime: 'audio/webm;codecs=opus', voiceSeconds: 7 });
  const heard = await peer.ask('files', 'file', { name: 'voice.webm' });
  check.equal([heard.state, heard.meta.isVoice, heard.meta.duration], ['done', true, 7], 'voice message: ours');
  const thumbnail = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), randomBytes(8_000)]).toString('base64');
  const sending = peer.ask('files', 'send_file', { name: 'theirs.webm', data: voice.toString('base64'), voice: 9, thumbnail });
  const { offer } = await received(room, 'theirs.webm');
  await sending;
  check.equal(offer.voiceSeconds, 9, 'voice message: theirs');
  check.equal(Buffer.from(offer.thumbnail ?? []).toString('base64'), thumbnail, 'a thumbnail');
  for (const [size, options, code] of /** @type {const} */ ([
    [5 * 1024 * 1024 + 1, {}, 'TOO_LARGE'],
    [10, { to: [room.members.find((it) => !it.self)?.id ?? ''] }, 'UNSUPPORTED'],
  ])) {
    const error = await Promise.resolve()
      .then(() => room.sendFile(new Blob([new Uint8Array(size)]), { name: 'x', ...options }).done)
      .catch((/** @type {{ code: string }} */ failure) => failure.code);
    check.equal(error, code, `file: ${code}`);
  }
  check.equal((await peer.ask('files', 'state')).problems, [], 'files: nothing strange for the web client');
  await peer.ask('files', 'leave');
  await room.close();
}

/** @param {Checks} check @param {Peer} peer @param {any} hush @param {string} relay */
async function joining(check, peer, hush, relay) {
  const code = await peer.ask('host', 'create', { name: 'Host', password: 'hunter22', ephemeral: 60, expiry: 3600 });
  for (const password of [undefined, 'hunter23']) {
    const error = await hush.joinRoom({ relay, code, name: 'Node', ...(password && { password }) }).catch((/** @type {any} */ failure) => failure.code);
    check.equal(error, 'WRONG_PASSWORD', `password: ${password ?? 'none'} is refused`);
  }
  const room = await hush.joinRoom({ relay, code: `https://chat.example.com/#/join/${code}`, name: 'Node', password: 'hunter22' });
  const { hasPassword, ephemeralSeconds, expiresAt } = room.getSnapshot();
  check.equal([room.protocol, hasPassword, ephemeralSeconds], ['arthas', true, 60], "joining their room, by their link: what it is");
  check.equal(String(expiresAt), code.split(':')[3], 'joining: when it ends');
  check.equal(room.code, code, 'joining: the code we hand on is theirs');
  await room.close();
  await peer.ask('host', 'sees', { count: 1 });
  check(true, 'joining: they see us leave');
  const own = await hush.createRoom({ relay, name: 'Node', protocol: 'arthas', password: 'hunter22', ephemeralSeconds: 30, expirySeconds: 3600 });
  const wrong = await peer.ask('guest', 'join', { code: own.code, name: 'Guest' }).catch((/** @type {Error} */ error) => error.message);
  check.equal(wrong, 'E006', 'password: ours is asked for');
  const joined = await peer.ask('guest', 'join', { code: own.code, name: 'Guest', password: 'hunter22' });
  check.equal([joined.hasPassword, joined.ephemeral, joined.expiresAt], [true, 30, own.getSnapshot().expiresAt], 'joining our room: what it is');
  await peer.ask('guest', 'leave');
  await peer.ask('host', 'leave');
  await own.close();
}

/** @param {Checks} check @param {Peer} peer @param {(options: object) => Promise<Room>} create */
async function pace(check, peer, create) {
  const room = await create({});
  await peer.ask('pace', 'join', { code: room.code, name: 'Bob' });
  await until(room, 'Bob', () => room.members.length === 2);
  const texts = Array.from({ length: 14 }, (_, index) => `number ${index}`);
  await Promise.all(texts.map((text) => room.send(text)));
  const got = await peer.ask('pace', 'messages', { count: texts.length });
  check.equal(got.map((/** @type {any} */ it) => it.text), texts, 'pace: 14 messages at once all arrive, in order');
  await peer.ask('pace', 'leave');
  await room.close();
}

/** @param {Checks} check @param {Peer} peer @param {(options: object) => Promise<Room>} create */
async function ephemeral(check, peer, create) {
  const room = await create({ ephemeralSeconds: 2 });
  const { ephemeral: seconds } = await peer.ask('short', 'join', { code: room.code, name: 'Bob' });
  check.equal(seconds, 2, 'ephemeral: the others are told');
  await peer.ask('short', 'say', { text: 'theirs' });
  await said(room, 'theirs');
  const start = performance.now();
  await room.send('ours');
  await until(room, 'nothing left', () => room.getSnapshot().messages.length === 0);
  const lasted = performance.now() - start;
  check(lasted > 1_500 && lasted < 6_000, 'ephemeral: both messages vanish on time', Math.round(lasted));
  await peer.ask('short', 'leave');
  await room.close();
}

/** @param {Checks} check @param {(options: object) => Promise<Room>} create */
async function expiry(check, create) {
  const room = await create({ expirySeconds: 2 });
  await until(room, 'the end', () => room.status === 'closed');
  check.equal(room.closeReason?.code, 'ROOM_EXPIRED', 'expiry: the room ends');
  check.equal(room.getSnapshot().messages, [], 'expiry: its warning is no message');
}
