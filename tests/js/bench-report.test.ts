import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';
import { Window } from 'happy-dom';

import { plot } from '../../benches/lib/plot.mjs';
import { reportFiles, reportText } from '../../benches/lib/report.mjs';
import { rechunk, repeated, streamOf } from '../../benches/lib/sources.mjs';

const MIB = 1024 * 1024;
const BARS = {
  kind: 'bars',
  title: 'Node: "fast" & <slow>',
  bars: [
    { label: 'ours', value: 2000, ours: true },
    { label: 'half', value: 1000 },
    { label: 'none', value: NaN },
  ],
} as const;
const LINES = {
  kind: 'lines',
  title: 'Cost',
  series: [
    { label: 'flat', points: [[MIB, 1], [16 * MIB, 1], [256 * MIB, 1]] },
    { label: 'rising', points: [[MIB, 0.5], [16 * MIB, 1.5], [256 * MIB, 1.9]] },
  ],
} as const;
const ABOUT = { version: '1.2.3', date: '2026-01-31', machine: '2 x Something', versions: { peer: '4.5.6' }, quick: false };

/** As a browser would: an error in it is an error of the document. */
function parse(svg: string) {
  const document = new new Window().DOMParser().parseFromString(svg, 'image/svg+xml');
  expect(document.querySelector('parsererror')).toBeNull();
  return document;
}

describe('the picture', () => {
  const document = parse(plot('hushroom & others', [BARS, LINES]));

  test('bars are as long as their values are large, and ours stands out', () => {
    const [ours, half, none] = [...document.querySelectorAll('rect.ours, rect.bar')].map((bar) => Number(bar.getAttribute('width')));
    expect(half! / ours!).toBeCloseTo(0.5, 2);
    expect(none).toBe(0);
    expect(document.querySelectorAll('rect.ours')).toHaveLength(1);
  });

  test('lines go through all points, from left to right, as high as their values are large', () => {
    const [flat, rising] = [...document.querySelectorAll('polyline')].map((line) =>
      (line.getAttribute('points') ?? '').split(' ').map((point) => point.split(',').map(Number) as [number, number]),
    );
    expect(flat).toHaveLength(3);
    // Each size is 16 times the one before: the same distance.
    expect(flat![1]![0] - flat![0]![0]).toBeCloseTo(flat![2]![0] - flat![1]![0], 0);
    expect(new Set(flat!.map(([, y]) => y)).size).toBe(1);
    expect(rising![0]![1]).toBeGreaterThan(flat![0]![1]);
    expect(rising![2]![1]).toBeLessThan(flat![2]![1]);
  });

  test('it says in words what it shows, whatever letters they have', () => {
    expect(document.querySelector('title')?.textContent).toBe('hushroom & others');
    const summary = document.querySelector('desc')?.textContent;
    expect(summary).toContain('Node: "fast" & <slow>: ours 2000; half 1000; none not measured.');
    expect(summary).toContain('rising: 0.5 at 1 MiB, 1.5 at 16 MiB, 1.9 at 256 MiB.');
    expect(document.documentElement.getAttribute('aria-labelledby')).toBe('title summary');
  });

  test('it has colours of its own for dark and for light, and nothing from elsewhere', () => {
    const svg = plot('', [BARS, LINES]);
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
    for (const [, name] of svg.matchAll(/var\((--[a-z0-9]+)\)/g)) {
      expect(svg.match(new RegExp(`${name}: #[0-9a-f]{6};`, 'g')), name).toHaveLength(2);
    }
    expect(svg).not.toMatch(/href|url\(|<script/);
  });

  test('nothing to show, one size only, and nothing but zero are drawn as well', () => {
    for (const points of [[], [[MIB, 3]], [[MIB, 0], [2 * MIB, 0]], [[MIB, NaN]]] as [number, number][][]) {
      const svg = plot('', [{ kind: 'lines', title: '', series: [{ label: '', points }] }]);
      parse(svg);
      expect(svg).not.toMatch(/NaN|Infinity/);
    }
    expect(plot('', [])).toContain('<svg');
  });

  test('more lines than there are colours are an error', () => {
    const series = Array.from({ length: 6 }, () => ({ label: '', points: [] }));
    expect(() => plot('', [{ kind: 'lines', title: '', series }])).toThrow('at most 5 lines');
  });
});

describe('the report', () => {
  const parts = [{ text: '## One\n\ntext', charts: [BARS] }, { text: '## Two' }];

  test('has machine, versions, date, how to repeat it, and all parts', () => {
    const { markdown, svg } = reportFiles(ABOUT, parts);
    const told = ['1.2.3', '2026-01-31', '2 x Something', 'peer 4.5.6', 'npm run bench -- --write', '(results.svg)', '## One', '## Two'];
    for (const text of told) expect(markdown).toContain(text);
    expect(markdown).not.toContain('first look only');
    expect(svg).toContain('ours');
  });

  test('says when it is a quick one', () => {
    expect(reportText({ ...ABOUT, quick: true }, parts)).toContain('a first look only');
    expect(reportFiles({ ...ABOUT, quick: true }, parts).markdown).toContain('a first look only');
  });

  test.each([
    [['no-such-part'], 'no such part: no-such-part'],
    [['--write', 'peers'], '--write is for all parts'],
    [['--no-such-option'], 'no-such-option'],
  ])('npm run bench -- %j is refused', async (args, message) => {
    const script = promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../benches/run.mjs', import.meta.url)), ...args]);
    await expect(script).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });
});

test.each([1, 3, 4, 5, 10, 100])('bytes are cut to chunks of one length, in pieces of %i', async (size) => {
  const bytes = Uint8Array.from({ length: 23 }, (_, index) => index);
  const pieces = Array.from({ length: Math.ceil(23 / size) }, (_, index) => bytes.slice(index * size, (index + 1) * size));
  for (const source of [streamOf(pieces), new Blob(pieces)]) {
    const chunks = [];
    for await (const chunk of rechunk(source, 4)) chunks.push([...chunk]);
    expect(chunks.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 3]);
    expect(chunks.flat()).toEqual([...bytes]);
  }
});

test('a source that costs nothing gives as much as it should', async () => {
  let length = 0;
  for await (const chunk of repeated(new Uint8Array(8), 64)) length += chunk.length;
  expect(length).toBe(64);
});
