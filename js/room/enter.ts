import { checkInteger, checkObject, checkString } from '../check.js';
import { hushError } from '../errors.js';
import type { RoomMachine } from '../gen/room/glue.js';
import { keptIdentity, openIdentity } from '../identity/identity.js';
import { roomWasm, type RoomWasm } from '../load-room.js';
import { defaultWebSocket } from '#platform';
import type { Protocol } from '../types.js';
import { now } from './clock.js';
import { enterRoom } from './room.js';
import { relayUrl } from './socket.js';
import type { ConnectOptions, CreateRoomOptions, JoinRoomOptions, Room } from './types.js';

const MAX_MEMBERS = 50;
/** 7 days: the longest a relay keeps a room, and so the longest a message can have to last. */
const MAX_SECONDS = 604_800;
const MAX_PASSWORD_BYTES = 1024;

/**
 * Makes a room and enters it. Its share code is `room.code`: give it, or a link with it, to whom you want in.
 *
 * @throws `CONNECT_FAILED` when the relay cannot be reached, `RELAY_LIMIT`, `INVALID_NAME`, `INVALID_ARGUMENT`; `UNSUPPORTED`
 * for an option that rooms of this protocol do not have; `TypeError` and `RangeError` for options of a wrong type or out of
 * range; the signal's reason. All but the first two come before anything is sent.
 *
 * @example
 * ```ts
 * import { createRoom } from 'hushroom/room';
 *
 * const room = await createRoom({ relay: 'ws://127.0.0.1:8787/ws', name: 'Ada' });
 * await room.send('Hello');
 * await room.close();
 * ```
 */
export async function createRoom(options: CreateRoomOptions): Promise<Room> {
  check(options);
  const { protocol = 'hush1', maxMembers = 0, expirySeconds = 0, ephemeralSeconds = 0, password } = options;
  if (protocol !== 'hush1' && protocol !== 'arthas') throw hushError('INVALID_ARGUMENT', 'the protocol is hush1 or arthas');
  checkInteger('maxMembers', maxMembers, MAX_MEMBERS);
  checkInteger('expirySeconds', expirySeconds, MAX_SECONDS);
  checkInteger('ephemeralSeconds', ephemeralSeconds, MAX_SECONDS);
  checkPassword(password, protocol);
  if (protocol === 'arthas' && options.maxMembers !== undefined) {
    throw hushError('UNSUPPORTED', `rooms of this protocol always take ${MAX_MEMBERS} members`);
  }
  return enter(protocol, options, ({ RoomMachine }, identity) =>
    RoomMachine.create(protocol, options.name, password, maxMembers, expirySeconds, ephemeralSeconds, identity, now()),
  );
}

/**
 * Joins a room, of the protocol that its code names.
 *
 * @throws `INVALID_SHARE_CODE`, `ROOM_NOT_FOUND`, `ROOM_FULL`, `INVITATION_USED` when the room is for two others, `ROOM_EXPIRED`, `ADMISSION_DENIED`, `WRONG_PASSWORD` when the room
 * has another password than was given, or one where none was; `RATE_LIMITED` after too many wrong ones; `CONNECT_FAILED`,
 * `INVALID_NAME`, `UNSUPPORTED` for a password where there are none; `TypeError` and `RangeError` for options of a wrong type or out
 * of range; the signal's reason.
 *
 * @example
 * ```ts
 * import { createRoom, joinRoom } from 'hushroom/room';
 *
 * const relay = 'ws://127.0.0.1:8787/ws';
 * const ada = await createRoom({ relay, name: 'Ada' });
 * const grace = await joinRoom({ relay, code: ada.code, name: 'Grace' });
 * await grace.close();
 * await ada.close();
 * ```
 */
export async function joinRoom(options: JoinRoomOptions): Promise<Room> {
  check(options);
  const { code, name, password } = options;
  checkString('code', code);
  const parsed = roomWasm().parseShareCode(code) as { protocol: Protocol; key: Uint8Array };
  // The machine reads the code for itself.
  parsed.key.fill(0);
  checkPassword(password, parsed.protocol);
  return enter(parsed.protocol, options, ({ RoomMachine }, identity) => RoomMachine.join(code, name, password, identity, now()));
}

function check(options: ConnectOptions): void {
  checkObject('options', options);
  checkString('name', options.name);
  options.signal?.throwIfAborted();
}

function checkPassword(password: string | undefined, protocol: Protocol): void {
  if (password === undefined) return;
  checkString('password', password);
  if (protocol !== 'arthas') throw hushError('UNSUPPORTED', 'rooms of this protocol have no password');
  const { length } = new TextEncoder().encode(password);
  if (length === 0 || length > MAX_PASSWORD_BYTES) throw new RangeError(`password must have 1 to ${MAX_PASSWORD_BYTES} bytes of UTF-8`);
}

async function enter(
  protocol: Protocol,
  options: ConnectOptions,
  newMachine: (wasm: RoomWasm, identity: Uint8Array) => RoomMachine,
): Promise<Room> {
  const url = relayUrl(options.relay);
  const WebSocket = options.WebSocket ?? defaultWebSocket();
  const identity = keptIdentity(options.identity ?? (await openIdentity()));
  const state = await identity.state();
  options.signal?.throwIfAborted();
  return enterRoom({ machine: newMachine(roomWasm(), state), identity, protocol, url, WebSocket, options });
}
