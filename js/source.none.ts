import { hushError } from './errors.js';

/** The slim entries carry no wasm. */
export function defaultSource(): never {
  throw hushError('INIT_FAILED', 'call init(source) first: this entry carries no wasm');
}
