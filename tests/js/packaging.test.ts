import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { at } from '../../scripts/lib/run.mjs';
import { inlinedWasms, withoutWarnings } from '../packaging/lib/checks.mjs';
import { createPages } from '../packaging/lib/pages.mjs';
import { createProject } from '../packaging/lib/project.mjs';
import { tableOf } from '../packaging/lib/suite.mjs';

/** The runner of `npm run test:packaging`, on consumers that need nothing installed. */
let folder: string;
let tarball: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hushroom-runner-'));
  // They install nothing: any will do.
  tarball = write('none.tgz', '');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A consumer, by the body of its check. */
const consumer = (set: string, name: string, body: string): string =>
  write(`${set}/${name}/consumer.mjs`, `export const title = 'The ${name} one';\nexport async function check(project) {${body}}\n`);

/** A program that prints its id and stays, with one below it that does the same. */
const STAYS = `
  import { execFileSync, spawn } from 'node:child_process';
  if (process.argv[2] === undefined) spawn(process.execPath, [process.argv[1], 'below'], { stdio: 'inherit' });
  console.log('running ' + process.pid + ' ' + (process.argv[2] ?? 'above'));
  setInterval(() => {}, 1000);
`;

/** Starts the runner on a set of consumers. */
function start(set: string, ...args: string[]) {
  const work = join(folder, `${set}-work`);
  mkdirSync(work, { recursive: true });
  const child = spawn(process.execPath, [at('tests/packaging/run.mjs'), '--consumers', join(folder, set), '--work', work, '--tarball', tarball, ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return { child, output: () => output, ended: once(child, 'close') as Promise<[number | null]> };
}

async function run(set: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const { ended, output } = start(set, ...args);
  const [code] = await ended;
  return { code, output: output() };
}

/** Waits until none of them runs. Who reaps what has lost its parent may take a moment. */
const gone = (pids: readonly number[]): Promise<void> => expect.poll(() => pids.filter(isRunning), { timeout: 20_000 }).toEqual([]);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A process and all below it. */
function tree(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const below = rows.map((row) => row.trim().split(/\s+/).map(Number)).filter(([, parent]) => parent === pid);
  return [pid, ...below.flatMap(([child]) => (child === undefined ? [] : tree(child)))];
}

/** The ids that {@link STAYS} has printed. */
const idsIn = (output: string): number[] => [...output.matchAll(/running (\d+)/g)].map(([, pid]) => Number(pid));

describe('the packaging runner', () => {
  test('one consumer that fails makes it fail; the others are run all the same, and the end of the output says why', async () => {
    consumer('mixed', 'a-bad', "await project.run('node', ['fails.mjs']);");
    write('mixed/a-bad/fails.mjs', "for (let i = 0; i < 100; i++) console.log('line ' + i); console.error('this is why'); process.exit(3);");
    consumer('mixed', 'b-good', "return (await project.run('node', ['-p', '6 * 7'])).trim();");
    consumer('mixed', 'c-leaves', "const { output } = await project.start('node', ['stays.mjs'], { ready: /above[^]*below|below[^]*above/ }); throw new Error(output());");
    write('mixed/c-leaves/stays.mjs', STAYS);
    const { code, output } = await run('mixed');
    expect(code).toBe(1);
    expect(output).toMatch(/^\| a-bad +\| The a-bad one +\| FAIL +\| +\d+\.\d +\| node fails\.mjs: exit code 3 \|$/m);
    expect(output).toMatch(/^\| b-good +\| The b-good one +\| ok +\| +\d+\.\d +\| 42 \|$/m);
    expect(output).toMatch(/^\| c-leaves +\| The c-leaves one +\| FAIL .*\| running \d+ \w+ \|$/m);
    expect(output).toContain('this is why');
    expect(output).toContain('line 99\n');
    expect(output).not.toContain('line 0\n');
    // What a consumer has started ends with it, and so does what that has started.
    const left = new Set(idsIn(output));
    expect(left.size).toBe(2);
    await gone([...left]);
  });

  test('it ends well when those that were asked for do', async () => {
    const { code, output } = await run('mixed', 'b-good');
    expect(output).not.toContain('a-bad');
    expect(code).toBe(0);
  });

  test('it lists consumers, and refuses those that do not exist', async () => {
    const [listed, refused] = await Promise.all([run('mixed', '--list'), run('mixed', 'b-good', 'd-none')]);
    expect(listed).toEqual({ code: 0, output: expect.stringMatching(/^a-bad +The a-bad one\nb-good +The b-good one\nc-leaves /) });
    expect(refused).toEqual({ code: 2, output: 'no such consumer: d-none; there are a-bad, b-good, c-leaves\n' });
  });

  test('an interrupt ends it and all that runs, relay and browser too', async () => {
    const set = 'stopped';
    consumer(
      set,
      'endless',
      `const { output } = await project.start('node', ['stays.mjs'], { ready: /above[^]*below|below[^]*above/ });
       project.page(await project.serve('.', { onRequest: (path) => path === '/there.js' && console.log(output()) }));
       await new Promise(() => {});`,
    );
    write(`${set}/endless/stays.mjs`, STAYS);
    // It never shows a result.
    write(`${set}/endless/index.html`, '<!doctype html><link rel="icon" href="data:,"><script src="there.js"></script>');
    write(`${set}/endless/there.js`, '');
    const { child, output, ended } = start(set);
    // Said once the page is open.
    await vi.waitUntil(() => idsIn(output()).length === 2, { timeout: 50_000 });
    const all = tree(child.pid ?? 0);
    expect(all).toEqual(expect.arrayContaining(idsIn(output())));
    const names = execFileSync('ps', ['-o', 'comm=', '-p', all.join()], { encoding: 'utf8' });
    expect(names).toMatch(/chrom/);
    expect(names).toMatch(/hushroom-relay/);
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    await gone(all);
  });

  test('it refuses when the package is not built', async () => {
    const tree = join(folder, 'tree');
    for (const name of ['scripts', 'tests/packaging', 'package.json']) cpSync(at(name), join(tree, name), { recursive: true });
    symlinkSync(at('node_modules'), join(tree, 'node_modules'));
    const child = spawn(process.execPath, [join(tree, 'tests/packaging/run.mjs'), '--work', folder]);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(errors).toMatch(/^\.\/dist\/types\/index\.d\.ts is not built \(\d+ in all\): run npm run build\n$/);
  });
});

describe('what consumers are checked with', () => {
  test('what cannot be undone does not keep the rest from it, and is told', async () => {
    const pages = createPages();
    const project = createProject(folder, { tarball, relay: '', pages });
    const undone: string[] = [];
    project.defer(() => undone.push('first'));
    project.defer(() => Promise.reject(new Error('stuck')));
    project.defer(() => undone.push('last'));
    await expect(project.close()).rejects.toThrow('stuck');
    expect(undone).toEqual(['last', 'first']);
  });

  test('a warning is found, and a count of none is not one', () => {
    const fine = 'built in 3 s\n0 warnings\nno errors\n';
    expect(withoutWarnings(fine)).toBe(fine);
    for (const line of ['(!) Some chunks are larger', 'WARNING in asset size limit', '▲ [WARNING] x', '1 warning', 'DeprecationWarning: y', 'is deprecated']) {
      expect(() => withoutWarnings(`${fine}${line}\n`), line).toThrow(line);
      expect(withoutWarnings(`${fine}${line}\n`, /./)).toContain(line);
    }
  });

  test('the wasm is counted in what is built', () => {
    write('counted/index.js', readFileSync(at('dist/index.js'), 'utf8'));
    write('counted/deep/room.cjs', readFileSync(at('dist/room.cjs'), 'utf8'));
    write('counted/deep/slim.mjs', readFileSync(at('dist/slim.js'), 'utf8'));
    write('counted/node_modules/hushroom/index.js', readFileSync(at('dist/index.js'), 'utf8'));
    expect(inlinedWasms(join(folder, 'counted'))).toBe(2);
  });

  test('a table row is one line whatever the note', () => {
    expect(tableOf([{ name: 'a', title: 'b', ok: false, seconds: 1.25, note: 'c | d\ne' }]).split('\n')).toHaveLength(4);
  });

  test('a page fails on what its console shows, and on what it expects in vain', async () => {
    const pages = createPages();
    const page = (body: string) => `data:text/html,${encodeURIComponent(`<!doctype html><output id="result"></output><script>${body}</script>`)}`;
    const shows = "document.querySelector('#result').textContent = 'works';";
    try {
      expect(await pages.open(page(shows))).toBe('works');
      await expect(pages.open(page(`console.error('mine'); ${shows}`))).rejects.toThrow('console: mine');
      await expect(pages.open(page(`console.warn('mine'); ${shows}`))).rejects.toThrow('console: mine');
      await expect(pages.open(page(`${shows} throw new Error('mine')`))).rejects.toThrow('uncaught: mine');
      expect(await pages.open(page(`console.warn('mine'); ${shows}`), { console: [/mine/] })).toBe('works');
      await expect(pages.open(page(shows), { console: [/mine/] })).rejects.toThrow('there was no /mine/');
      const failing = page(`const image = new Image(); image.onerror = () => { ${shows} }; image.src = 'http://127.0.0.1:1/';`);
      await expect(pages.open(failing)).rejects.toThrow('failed: http://127.0.0.1:1/');
    } finally {
      await pages.stop();
    }
  });
});
