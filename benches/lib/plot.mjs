// Charts as one SVG, without a library: bars for what is compared, lines for what changes with size. It follows the theme of
// whoever looks at it, and says in words what it shows.

import { sizeText } from './stats.mjs';

/** @typedef {{ label: string, value: number, ours?: boolean }} Bar */
/** @typedef {{ label: string, points: readonly (readonly [bytes: number, value: number])[] }} Series */
/** @typedef {{ kind: 'bars', title: string, bars: readonly Bar[] } | { kind: 'lines', title: string, series: readonly Series[] }} Chart */

const WIDTH = 880;
const MARGIN = 24;
const TITLE_HEIGHT = 44;
const BAR_HEIGHT = 18;
const BAR_STEP = 26;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 70;
const PLOT_HEIGHT = 220;
const AXIS_WIDTH = 64;
const AXIS_HEIGHT = 34;
const LEGEND_STEP = 20;
/** No chart has more lines. */
const MOST_SERIES = 5;

const STYLE = `
svg { --back: #ffffff; --text: #1f2328; --soft: #59636e; --grid: #d1d9e0; --bar: #9aa7b4; --s0: #0b5cd5; --s1: #bc4c00; --s2: #1a7f37; --s3: #8250df; --s4: #a40e4c; }
@media (prefers-color-scheme: dark) {
  svg { --back: #0d1117; --text: #e6edf3; --soft: #9198a1; --grid: #3d444d; --bar: #59636e; --s0: #58a6ff; --s1: #f0883e; --s2: #3fb950; --s3: #bc8cff; --s4: #ff7b9c; }
}
text { font: 13px system-ui, sans-serif; fill: var(--text); }
.title { font-size: 15px; font-weight: 600; }
.soft { fill: var(--soft); }
.grid { stroke: var(--grid); stroke-width: 1; }
.bar { fill: var(--bar); }
.ours { fill: var(--s0); }
.line { fill: none; stroke-width: 2; }
${Array.from({ length: MOST_SERIES }, (_, index) => `.s${index} { stroke: var(--s${index}); } .f${index} { fill: var(--s${index}); }`).join('\n')}
`;

/**
 * All charts, one below the other.
 *
 * @param {string} title - For those who cannot see it.
 * @param {readonly Chart[]} charts
 * @returns {string} The SVG.
 */
export function plot(title, charts) {
  let top = MARGIN;
  const groups = charts.map((chart) => {
    const { body, height } = chart.kind === 'bars' ? barChart(chart.bars) : lineChart(chart.series);
    const heading = `<text class="title" y="16">${escape(chart.title)}</text>`;
    const group = `<g transform="translate(${MARGIN} ${top})">${heading}<g transform="translate(0 ${TITLE_HEIGHT - 12})">\n${body}\n</g></g>`;
    top += TITLE_HEIGHT + height + MARGIN;
    return group;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-labelledby="title summary">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="summary">${escape(charts.map(summary).join(' '))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${top}" rx="6" style="fill: var(--back)"/>`,
    ...groups,
    '</svg>\n',
  ].join('\n');
}

/** @param {readonly Bar[]} bars */
function barChart(bars) {
  const most = Math.max(...bars.map(({ value }) => value).filter(Number.isFinite), 1);
  const width = WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH;
  const body = bars.map(({ label, value, ours }, index) => {
    const y = index * BAR_STEP;
    const middle = y + BAR_HEIGHT / 2 + 4;
    const length = Number.isFinite(value) ? Math.max(1, (value / most) * width) : 0;
    return [
      `<text x="${LABEL_WIDTH - 10}" y="${middle}" text-anchor="end">${escape(label)}</text>`,
      `<rect class="${ours === true ? 'ours' : 'bar'}" x="${LABEL_WIDTH}" y="${y}" width="${round(length)}" height="${BAR_HEIGHT}" rx="2"/>`,
      `<text class="soft" x="${round(LABEL_WIDTH + length + 8)}" y="${middle}">${numberText(value)}</text>`,
    ].join('');
  });
  return { body: body.join('\n'), height: bars.length * BAR_STEP };
}

/** Sizes along the bottom, each twice as far to the right as it is larger. @param {readonly Series[]} series */
function lineChart(series) {
  if (series.length > MOST_SERIES) throw new Error(`at most ${MOST_SERIES} lines, not ${series.length}`);
  const points = series.flatMap((line) => line.points).filter(([, value]) => Number.isFinite(value));
  const sizes = [...new Set(points.map(([size]) => size))].sort((a, b) => a - b);
  const [first = 1, last = 2] = [sizes[0], sizes.at(-1)];
  const most = niceAbove(Math.max(...points.map(([, value]) => value), 0));
  const width = WIDTH - 2 * MARGIN - AXIS_WIDTH - 20;
  const x = (/** @type {number} */ size) => round(AXIS_WIDTH + (first === last ? 0.5 : Math.log2(size / first) / Math.log2(last / first)) * width);
  const y = (/** @type {number} */ value) => round(PLOT_HEIGHT - (value / most) * PLOT_HEIGHT);
  const grid = Array.from({ length: 5 }, (_, index) => {
    const value = (most * index) / 4;
    return [
      `<line class="grid" x1="${AXIS_WIDTH}" x2="${AXIS_WIDTH + width}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text class="soft" x="${AXIS_WIDTH - 8}" y="${y(value) + 4}" text-anchor="end">${numberText(value)}</text>`,
    ].join('');
  });
  const ticks = sizes.map(
    (size) => `<text class="soft" x="${x(size)}" y="${PLOT_HEIGHT + 20}" text-anchor="middle">${sizeText(size)}</text>`,
  );
  const lines = series.map(({ points: all }, index) => {
    const known = all.filter(([, value]) => Number.isFinite(value));
    const path = known.map(([size, value]) => `${x(size)},${y(value)}`).join(' ');
    const dots = known.map(([size, value]) => `<circle class="f${index}" cx="${x(size)}" cy="${y(value)}" r="3.5"/>`);
    return `<polyline class="line s${index}" points="${path}"/>${dots.join('')}`;
  });
  const legendTop = PLOT_HEIGHT + AXIS_HEIGHT + 10;
  const legend = series.map(({ label }, index) => {
    const at = legendTop + index * LEGEND_STEP;
    return [
      `<line class="line s${index}" x1="${AXIS_WIDTH}" x2="${AXIS_WIDTH + 24}" y1="${at}" y2="${at}"/>`,
      `<text x="${AXIS_WIDTH + 32}" y="${at + 4}">${escape(label)}</text>`,
    ].join('');
  });
  return { body: [...grid, ...ticks, ...lines, ...legend].join('\n'), height: legendTop + series.length * LEGEND_STEP };
}

/** @param {Chart} chart */
function summary(chart) {
  const values =
    chart.kind === 'bars'
      ? chart.bars.map(({ label, value }) => `${label} ${numberText(value)}`)
      : chart.series.map(({ label, points }) => `${label}: ${points.map(([size, value]) => `${numberText(value)} at ${sizeText(size)}`).join(', ')}`);
  return `${chart.title}: ${values.join('; ')}.`;
}

/** The next of 1, 2, 4, 5, 8 and their tens. @param {number} value */
function niceAbove(value) {
  if (!(value > 0)) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 8].find((step) => step * ten >= value) ?? 10) * ten;
}

/** @param {number} value */
function numberText(value) {
  if (!Number.isFinite(value)) return 'not measured';
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/** @param {string} text */
const escape = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
