'use client';

export { useFileDrop, type FileDrop, type FileDropOptions } from './drop.js';
export {
  useFileTransfers, useMembers, useMessages, useRoom, useRoomEvent, useRoomStatus, useSafetyNumber, useTyping,
  type FileTransfers, type MessagesOptions, type RoomStanding,
} from './hooks.js';
export { RoomProvider, type RoomProviderProps } from './provider.js';
export type { OpeningState, OpenRoom, RoomEventOf, TransferView } from '../view/index.js';
export type * from '../room/file-types.js';
export type * from '../room/types.js';
