export { generateShareCode, parseShareCode, shareLink } from './codes.js';
export { isHushError } from './errors.js';
export { decodeFrame, encodeFrame } from './frames.js';
export { init } from './init.js';
export { openMessage, sealMessage } from './messages.js';
export {
  decryptRange,
  decryptStream,
  decryptedSize,
  encryptStream,
  encryptedSize,
  generateFileKey,
} from './stream/index.js';
export { version } from './version.js';
export type * from './types.js';
export type { WasmSource } from './wasm-source.js';
