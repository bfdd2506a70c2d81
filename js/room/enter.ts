import { checkInteger, checkObject, checkString } from '../check.js';
import { hushError } from '../errors.js';
import { roomWasm } from '../load-room.js';
import { defaultWebSocket } from '#platform';
import { now } from './clock.js';
import { enterRoom } from './room.js';
import { relayUrl } from './socket.js';
import type { ConnectOptions, CreateRoomOptions, JoinRoomOptions, Room } from './types.js';

/**
 * Makes a room and enters it. Its share code is `room.code`: give it, or a link with it, to whom you want in.
 *
 * @throws `CONNECT_FAILED` when the relay cannot be reached, `RELAY_LIMIT`, `INVALID_NAME`, `INVALID_ARGUMENT`; the
 * signal's reason.
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
  const { protocol = 'hush1', maxMembers = 0, expirySeconds = 0 } = options;
  if (protocol !== 'hush1') throw hushError('INVALID_ARGUMENT', 'the protocol is hush1');
  checkInteger('maxMembers', maxMembers, 50);
  checkInteger('expirySeconds', expirySeconds, 604_800);
  const code = roomWasm().generateShareCode(protocol, 0, 0);
  return enter(code, options, true, maxMembers, expirySeconds);
}

/**
 * Joins a room.
 *
 * @throws `INVALID_SHARE_CODE`, `ROOM_NOT_FOUND`, `ROOM_FULL`, `ROOM_EXPIRED`, `ADMISSION_DENIED`, `CONNECT_FAILED`,
 * `INVALID_NAME`; the signal's reason.
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
  checkString('code', options.code);
  const { protocol } = roomWasm().parseShareCode(options.code) as { protocol: string };
  if (protocol !== 'hush1') throw hushError('UNSUPPORTED', 'rooms of this protocol cannot be joined yet');
  return enter(options.code, options, false, 0, 0);
}

function check(options: ConnectOptions): void {
  checkObject('options', options);
  checkString('name', options.name);
  options.signal?.throwIfAborted();
}

function enter(code: string, options: ConnectOptions, create: boolean, maxMembers: number, expirySeconds: number): Promise<Room> {
  const url = relayUrl(options.relay);
  const WebSocket = options.WebSocket ?? defaultWebSocket();
  const { RoomMachine } = roomWasm();
  const machine = new RoomMachine(code, options.name, create, maxMembers, expirySeconds, now());
  // A link may have been given: the room hands out the code alone.
  const bare = code.includes('#') ? decodeURIComponent(code.slice(code.indexOf('#') + 1)).trim() : code.trim();
  return enterRoom({ machine, code: bare, url, WebSocket, options });
}
