import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { at } from '../../scripts/lib/run.mjs';
import { DOCUMENTS } from './blocks.js';

/** The anchors that headings get where the code is hosted. */
const anchors = (path: string): Set<string> =>
  new Set([...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-')));

test.each(DOCUMENTS)('%s: its links lead somewhere', (file) => {
  const text = readFileSync(at(file), 'utf8').replace(/^```.*?^```$/gms, '');
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? at(file) : join(at(dirname(file)), path);
      return !existsSync(target) || (anchor !== undefined && !anchors(target).has(anchor));
    });
  expect(broken).toEqual([]);
});
