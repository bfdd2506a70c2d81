// The report: Markdown, and a picture of the most telling figures.

import { plot } from './plot.mjs';

/**
 * What a part gives.
 *
 * @typedef {object} Part
 * @property {string} text - Markdown, with a heading of the second level.
 * @property {import('./plot.mjs').Chart[]} [charts]
 */

/**
 * @typedef {object} About
 * @property {string} version - Of the package.
 * @property {string} date - As `2026-01-31`.
 * @property {string} machine
 * @property {Record<string, string>} versions - Of all that was measured and that it ran on, by name.
 * @property {boolean} quick - Then the figures are for a first look only.
 */

const NOTES = `All of it runs on one machine, the relay and both ends of a transfer included. Whatever is compared runs in the same process or
page, in turn, round after round, and the median of each counts: so compare ratios, not figures of different days. Each part has a
process or page of its own. Sources cost next to nothing and results are dropped, so that neither disk nor network is measured,
except where a file is named. In Node the same loop was twice as fast in one part as in another. In Chromium \`crypto.subtle\`
works on the thread that asks for it: more calls in flight gain little there, and a loop keeps the thread for as long as its source
has bytes; ours gives it to others every 8 ms. Chunks of 64 KiB cost more than larger ones: a segment of 256 KiB is put together of
four, which is a copy of its bytes and four turns of the source. \`noble\`'s own advice, too, is WebCrypto where that exists; age
derives a key from a key agreement for each file, which shows in its first byte and with messages, not in its rate. The model of
Arthas is made after its description, and slow by choice: it waits 10 ms after each chunk of 64 KiB so as not to fill a socket,
where we wait for the receiver.`;

/** @param {About} about @param {readonly Part[]} parts @returns {string} Markdown. */
export function reportText(about, parts) {
  return [heading(about), ...parts.map(({ text }) => text)].join('\n\n');
}

/**
 * The files of the report.
 *
 * @param {About} about
 * @param {readonly Part[]} parts
 * @returns {{ markdown: string, svg: string }}
 */
export function reportFiles(about, parts) {
  const charts = parts.flatMap((part) => part.charts ?? []);
  const versions = Object.entries(about.versions).map(([name, version]) => `${name} ${version}`);
  const markdown = [
    heading(about),
    `${versions.join(', ')}.`,
    'To repeat it: `npm ci && npm run build && npm run bench -- --write`, on a machine that does nothing else, about 15 minutes. `npm run bench -- --quick`\n' +
      'gives a first look in fewer; names of parts (peers, sizes, stream, transfer, room-of-50) choose some.',
    '![Bars and lines of the figures below](results.svg)',
    `## How to read it\n\n${NOTES}`,
    ...parts.map(({ text }) => text),
  ].join('\n\n');
  return { markdown: `${markdown}\n`, svg: plot(`hushroom ${about.version}, measured ${about.date}`, charts) };
}

/** @param {About} about */
function heading({ version, date, machine, quick }) {
  return `# hushroom ${version}, ${date}\n\n${machine}${quick ? '; quick: a first look only' : ''}`;
}
