import { existsSync, readFileSync, readdirSync } from 'node:fs';

import { at } from '../../scripts/lib/run.mjs';

/** A fenced block of a document. */
export interface Block {
  /** `README.md`, `docs/cli.md` */
  readonly file: string;
  /** Of its first line of code, counted from 1. */
  readonly line: number;
  /** The heading it is below. */
  readonly heading: string;
  /** What follows the fence; empty for none. */
  readonly language: string;
  readonly code: string;
}

/** Every document that people wrote. `docs/api` is made from the sources, whose examples `package.test.ts` compiles. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(at('docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ...readdirSync(at('examples')).map((name) => `examples/${name}/README.md`).filter((path) => existsSync(at(path))),
];

/** The fenced blocks of a document. Throws on a fence that is never closed. */
export function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { fence: string; language: string; line: number; code: string[] } | undefined;
  readFileSync(at(file), 'utf8')
    .split('\n')
    .forEach((text, index) => {
      const [, fence, language = ''] = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(text) ?? [];
      if (open === undefined) {
        if (fence !== undefined) open = { fence, language, line: index + 2, code: [] };
        else heading = /^#+ (.*)$/.exec(text)?.[1] ?? heading;
      } else if (fence !== undefined && fence.startsWith(open.fence) && language === '') {
        blocks.push({ file, line: open.line, heading, language: open.language, code: `${open.code.join('\n')}\n` });
        open = undefined;
      } else open.code.push(text);
    });
  if (open !== undefined) throw new Error(`${file}:${open.line}: the block never ends`);
  return blocks;
}

/** The commands of a block in a shell's language, without comments. */
export const commandsOf = ({ code }: Block): string[] =>
  code
    .split('\n')
    .map((line) => line.replace(/(^|\s+)#.*$/, ''))
    .filter((line) => line !== '');
