import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { at } from '../../scripts/lib/run.mjs';

/**
 * The names that a declaration file exports. The reference itself is compared with the sources by `node scripts/docs.mjs --check`, which
 * installs TypeDoc; this tells without it that something is new, gone or has another name.
 */
function exportedNames(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const other = (path: string): string => join(dirname(file), path.replace(/\.js$/, '.d.ts'));
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) => names.split(','));
  const declared = [...text.matchAll(/^export (?:declare )?(?:function|class|interface|type|const) (\w+)/gm)].map(([, name = '']) => name);
  const all = [...text.matchAll(/^export (?:type )?\* from '([^']+)'/gm)].flatMap(([, path = '']) => exportedNames(other(path)));
  const named = lists.map((name) => name.trim().replace(/^type /, '').replace(/^\w+ as /, '')).filter((name) => name !== '');
  const byDefault = /^export default /m.test(text) ? ['default'] : [];
  return [...new Set([...named, ...declared, ...all, ...byDefault])].sort();
}

/** Names with a section of their own on a page. */
const sections = (page: string): string[] => [...page.replaceAll('\\', '').matchAll(/^### (?:abstract )?([\w$]+)/gm)].map(([, name = '']) => name).sort();

const entries = Object.entries(
  (JSON.parse(readFileSync(at('package.json'), 'utf8')) as { exports: Record<string, unknown> }).exports,
).flatMap(([name, target]) => {
  const types = /"types":"\.\/(dist\/types\/[^"]+\.d\.ts)"/.exec(JSON.stringify(target))?.[1];
  // A slim entry has the types of the whole one.
  return types === undefined || name.endsWith('/slim') ? [] : [[`hushroom${name.slice(1)}`, types] as const];
});

describe('the reference', () => {
  test('has a page for each entry', () => {
    const index = readFileSync(at('docs/api/README.md'), 'utf8');
    const pages = [...index.matchAll(/^- \[([^\]]+)\]\(([^)]+)\)$/gm)].map(([, name, page]) => [name, page]);
    expect(pages.sort()).toEqual(entries.map(([name]) => [name, `${name.replaceAll('/', '.')}.md`]).sort());
    expect(entries.length).toBeGreaterThan(6);
  });

  test.each(entries)('%s: has every name that it exports, and no other', (name, types) => {
    const page = readFileSync(at('docs/api', `${name.replaceAll('/', '.')}.md`), 'utf8');
    expect(sections(page)).toEqual(exportedNames(at(types)));
  });

  test.each(entries)('%s: every link leads somewhere', (name) => {
    const page = readFileSync(at('docs/api', `${name.replaceAll('/', '.')}.md`), 'utf8');
    const anchorsOf = (text: string): Set<string> => {
      const anchors = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id));
      const seen = new Map<string, number>();
      for (const [, title = ''] of text.matchAll(/^#+ (.+)$/gm)) {
        const plain = title.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-');
        const count = seen.get(plain) ?? 0;
        seen.set(plain, count + 1);
        anchors.add(count === 0 ? plain : `${plain}-${count}`);
      }
      return anchors;
    };
    const broken = [...page.matchAll(/\]\(([^)\s]+)\)/g)].filter(([, link = '']) => {
      if (/^https?:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const text = file === '' ? page : readFileSync(at('docs/api', file), 'utf8');
      return anchor !== undefined && !anchorsOf(text).has(anchor);
    });
    expect(broken.map(([, link]) => link)).toEqual([]);
  });

  test('tells nothing of the machine or the day it was made on', () => {
    for (const [name] of entries) {
      const page = readFileSync(at('docs/api', `${name.replaceAll('/', '.')}.md`), 'utf8');
      expect(page).not.toContain(at());
      expect(page).not.toMatch(/defined in|\b20[2-9]\d-\d\d-\d\d\b/i);
    }
  });
});
