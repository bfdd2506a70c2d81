// Finding consumers, running them one after the other, and the table of what came out.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { prepare } from './install.mjs';
import { createProject, userEnvironment } from './project.mjs';

/** Of a failure, so many lines are shown. */
const LINES_SHOWN = 40;

/**
 * @typedef {{ title: string, source?: string, check: (project: import('./project.mjs').Project) => Promise<string | void> }} Consumer
 * @typedef {{ name: string, title: string, ok: boolean, seconds: number, note: string }} Result
 */

/** The names of all consumers in a folder. @param {string} folder */
export const consumersIn = (folder) =>
  readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'consumer.mjs')))
    .sort();

/** @param {string} folder @param {string} name @returns {Promise<Consumer>} */
export async function loadConsumer(folder, name) {
  const consumer = await import(pathToFileURL(join(folder, name, 'consumer.mjs')).href);
  if (typeof consumer.title !== 'string' || typeof consumer.check !== 'function') {
    throw new Error(`${name}/consumer.mjs must export a title and a function check`);
  }
  return consumer;
}

/**
 * Installs and checks one consumer. Says what was wrong, and never throws.
 *
 * @param {string} folder - Where the consumers are.
 * @param {string} name
 * @param {string} work - Where projects are made.
 * @param {import('./project.mjs').Services} services
 * @returns {Promise<Result>}
 */
export async function runConsumer(folder, name, work, services) {
  const begin = performance.now();
  let [title, note, ok] = [name, '', true];
  const target = join(work, name);
  const project = createProject(target, services);
  try {
    const consumer = await loadConsumer(folder, name);
    title = consumer.title;
    // Examples live elsewhere: `source` is a path from the folder of the consumers.
    const source = consumer.source === undefined ? join(folder, name) : resolve(folder, consumer.source);
    await prepare(source, target, services.tarball, userEnvironment(target));
    note = (await consumer.check(project)) ?? '';
  } catch (error) {
    ok = false;
    note = firstLine(error);
    console.error(lastLines(error));
  }
  try {
    await project.close();
  } catch (error) {
    // Why the check itself has failed matters more.
    if (ok) note = firstLine(error);
    ok = false;
    console.error(lastLines(error));
  }
  return { name, title, ok, seconds: (performance.now() - begin) / 1000, note };
}

/** @param {unknown} error */
const textOf = (error) => (error instanceof Error ? (error.stack?.includes(error.message) ? error.stack : `${error.message}\n${error.stack}`) : String(error));

/** @param {unknown} error */
const firstLine = (error) => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

/** The end of an error, where the reason is; its first line says where it comes from. @param {unknown} error */
function lastLines(error) {
  const [first = '', ...lines] = textOf(error).split('\n');
  const left = lines.length - LINES_SHOWN;
  return [first, ...(left > 0 ? [`  (${left} lines left out)`] : []), ...lines.slice(-LINES_SHOWN)].join('\n');
}

/** As Markdown, which is a table for people as well. @param {readonly Result[]} results */
export function tableOf(results) {
  const cells = results.map(({ name, title, ok, seconds, note }) => [name, title, ok ? 'ok' : 'FAIL', seconds.toFixed(1), note.replaceAll('|', '\\|').replaceAll('\n', ' ')]);
  const rows = [['name', 'title', 'result', 'seconds', 'note'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  lines.splice(1, 0, `| ${[...widths, 4].map((width) => '-'.repeat(width)).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

/** @param {string} folder @param {string} table */
export function writeTable(folder, table) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'table.md'), table);
}
