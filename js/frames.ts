import { checkBytes, checkInteger, checkObject } from './check.js';
import { hushError } from './errors.js';
import { wasm } from './load.js';
import type { Bytes, Frame } from './types.js';

/** As the Rust core has them. Checked here too, because a cyclic object would exhaust the stack on its way there. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 4096;

/**
 * Encodes a frame as MessagePack: `{ type, data }`, integers in their shortest form.
 *
 * Data may hold `null`, booleans, numbers, `bigint`s of 64 bits, strings, `Uint8Array`s, arrays and plain objects. Types
 * from 0x80 to 0xFF are an application's own; the others belong to the protocol, whose fields are not checked here.
 *
 * @param frame - A type from 0 to 2^32 - 1, and its data.
 * @returns At most 131,072 bytes.
 * @throws `INVALID_FRAME` above 8 levels or 4,096 values, keys counted too, and for the key `__proto__`;
 * `FRAME_TOO_LARGE`; `TypeError` and `RangeError` for a type that is none, and for values MessagePack does not have.
 *
 * @example
 * ```ts
 * import { decodeFrame, encodeFrame } from 'hushroom';
 *
 * const bytes = encodeFrame({ type: 0x80, data: { move: [3, 4], board: new Uint8Array(64) } });
 * decodeFrame(bytes).data.move; // [3, 4]
 * ```
 */
export function encodeFrame(frame: Frame): Bytes {
  checkObject('frame', frame);
  const { type, data } = frame;
  checkInteger('type', type, 0xffff_ffff);
  if (!isPlainObject(data)) throw new TypeError('data must be a plain object');
  checkValue(data, 1, { items: 0 });
  return wasm().encodeFrame(type, data) as Bytes;
}

/**
 * Decodes exactly one frame.
 *
 * @param bytes - One WebSocket message.
 * @returns The frame; maps are plain objects, `bin` is a `Uint8Array`, `nil` is `null`. What it holds is for the
 * caller to check.
 * @throws `FRAME_TOO_LARGE` above 131,072 bytes, before anything is read; `INVALID_FRAME` for everything that is not one
 * frame within the limits, and for integers that JavaScript cannot hold exactly; `TypeError` unless it is a `Uint8Array`.
 *
 * @example
 * ```ts
 * import { decodeFrame, encodeFrame } from 'hushroom';
 *
 * const received = encodeFrame({ type: 0x81, data: { text: 'hello' } });
 * const { type, data } = decodeFrame(received);
 * if (type === 0x81) console.log(data.text); // 'hello'
 * ```
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  checkBytes('bytes', bytes);
  return wasm().decodeFrame(bytes) as Frame;
}

/** Refuses what cannot be encoded. The core counts the keys of maps as values, so they count here too. */
function checkValue(value: unknown, depth: number, count: { items: number }): void {
  if (depth > MAX_DEPTH) throw hushError('INVALID_FRAME', 'not a valid frame: nested too deeply');
  if (++count.items > MAX_ITEMS) throw hushError('INVALID_FRAME', 'not a valid frame: too many values');
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) {
    throw new RangeError('a bigint must fit in 64 bits');
  }
  if (isScalar(value)) return;
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, depth + 1, count);
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      count.items++;
      checkValue(value[key], depth + 1, count);
    }
  } else {
    throw new TypeError(
      'data holds something that is no null, boolean, number, string, Uint8Array, array or plain object',
    );
  }
}

function isScalar(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value === 'object') return Object.prototype.toString.call(value) === '[object Uint8Array]';
  return typeof value !== 'function' && typeof value !== 'symbol';
}

/** An object literal, of whatever realm. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (Object.prototype.toString.call(value) !== '[object Object]') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
