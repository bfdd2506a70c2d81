// Rooms in Vue. Nothing here imports the wasm, or runs before it is called: the app brings the room.
export { provideRoom, roomKey, useRoom } from './provide.js';
export type { FileDrop, FileDropOptions, FileDropProps, ProvideRoomOptions, ReadonlyRef, RoomState } from './types.js';
export type { OpenRoom, RoomEventOf, TransferView } from '../view/index.js';
export type * from '../room/file-types.js';
export type * from '../room/types.js';
