const MAX_NAME_BYTES = 120;
/** Longest ending that is kept whole, such as `.tar.zst`. */
const MAX_ENDING = 16;
// What file systems and shells of any platform trip over: separators, controls, direction marks, and what Windows forbids.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}/\\:*?"<>|]/gu;
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\.|$)/i;

/** A name that is safe in a folder on every platform: no path, nothing hidden, no device, 120 bytes at most. */
export function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const clean = last.normalize('NFC').replace(UNSAFE, '_').trim().replace(/^[.\s-]+|[.\s]+$/g, '').replace(RESERVED, '_$&');
  const [stem, ending] = parts(clean);
  let short = stem;
  while (Buffer.byteLength(short + ending) > MAX_NAME_BYTES) short = [...short].slice(0, -1).join('');
  return short === '' ? `file${ending}` : short + ending;
}

/** The name itself for the first, else with a number in it: `report.pdf`, `report-2.pdf`. */
export function numbered(name: string, count: number): string {
  if (count === 1) return name;
  const [stem, ending] = parts(name);
  return `${stem}-${count}${ending}`;
}

function parts(name: string): readonly [stem: string, ending: string] {
  const ending = /(?:\.tar)?\.[\p{L}\p{N}_-]+$/u.exec(name)?.[0] ?? '';
  return ending.length > MAX_ENDING ? [name, ''] : [name.slice(0, name.length - ending.length), ending];
}
