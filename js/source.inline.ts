import { hex } from '#wasm-hex';

/** The wasm this entry carries, as bytes. */
export function defaultSource(): BufferSource {
  const native = (Uint8Array as { fromHex?: (text: string) => Uint8Array<ArrayBuffer> }).fromHex;
  return native === undefined ? decode(hex) : native.call(Uint8Array, hex);
}

/** For engines without `Uint8Array.fromHex`. The text is ours, in lower case. */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (digit(text, 2 * i) << 4) | digit(text, 2 * i + 1);
  return bytes;
}

function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
