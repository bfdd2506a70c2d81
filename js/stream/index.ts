export { decryptStream } from './decrypt.js';
export { encryptStream } from './encrypt.js';
export { generateFileKey } from './key.js';
export { decryptRange } from './range.js';
export { decryptedSize, encryptedSize } from './size.js';
