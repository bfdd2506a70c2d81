// Every room has a link. From here, since importing `hushroom` as well would bring a second wasm along.
export { parseShareCode, shareLink } from '../codes.js';
export { isHushError } from '../errors.js';
export { fileStore } from '../identity/file-store.js';
export { openIdentity } from '../identity/identity.js';
export { indexedDbStore } from '../identity/indexed-db-store.js';
export { memoryStore } from '../identity/memory-store.js';
export { init } from '../init.js';
export { createRoom, joinRoom } from './enter.js';
/** @internal `hushroom/people` takes turns at the same stores. */
export { keeperOf } from '../identity/keeper.js';
/** @internal `hushroom/people` runs on the wasm of this entry. */
export { roomWasm } from '../load-room.js';
export { BLOB_LIMIT_BYTES, blobSink, opfsSink, pickerSink, saveFile, streamSink, type SinkFile } from './sinks.js';
export type * from '../identity/types.js';
export type * from './file-types.js';
export type * from './types.js';
export type { WasmSource } from '../wasm-source.js';
export type { Bytes, HushError, HushErrorCode, Protocol, RandomAccessSource, ShareCode, StreamSource } from '../types.js';
