import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { transform } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser } from '../../scripts/lib/browser.mjs';
import { at, environment } from '../../scripts/lib/run.mjs';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { consumer, type Consumer } from '../js/consumer.js';
import { serveFolder } from '../packaging/lib/server.mjs';

const PATIENCE_MS = 40_000;

/** A running program. */
export interface Program {
  /** Waits for a match in what it prints from the end of the one before on. Fails when it ends before that. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Writes a line to its standard input. */
  type(line: string): void;
  /** Its exit code, once it has ended and all of its output is there. */
  readonly ended: Promise<number | null>;
  /** All that it has printed. */
  output(): string;
  stop(): Promise<void>;
}

/** What examples run in. */
export interface World {
  /** `ws://127.0.0.1:PORT/ws`, of a relay with a key directory. */
  readonly relay: string;
  /** A project with the packed package, React and Vue. */
  readonly project: Consumer;
  /** An empty folder of its own. */
  folder(): string;
  /** Starts a program, in an empty folder unless told otherwise. */
  start(command: string, args: readonly string[], options?: { cwd?: string; env?: Record<string, string> }): Program;
  /** Starts an example of the package in Node, written in TypeScript. */
  example(code: string): Promise<Program>;
  /** Opens the page of a folder. It must show no error, which is looked at when the world ends. */
  page(folder: string): Promise<Page>;
  /** The code with our relay, and a share code that works, in the place of those it was written with. */
  adapted(code: string, shareCode?: string): string;
  end(): Promise<void>;
}

/** An example's addresses and its share code. */
const RELAYS = /wss:\/\/relay\.example\.com\/ws|ws:\/\/127\.0\.0\.1:8787\/ws/g;
const SHARE_CODE = /hush1:[\w-]{21}:[\w-]{43}/g;

/** Starts the relay and packs the package. */
export async function createWorld(): Promise<World> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'hushroom-docs-')));
  const [relay, project] = await Promise.all([
    startRelay(0, ['--joins-per-minute', '0', '--log-level', 'warn', '--directory', join(root, 'directory.db')]),
    consumer(),
  ]);
  for (const name of ['react', 'react-dom', 'scheduler', 'vue', '@vue']) symlinkSync(at('node_modules', name), join(project.folder, 'node_modules', name));
  return new Examples(root, relay, project);
}

class Examples implements World {
  readonly relay: string;
  readonly project: Consumer;
  readonly #root: string;
  readonly #relay: Relay;
  readonly #programs: Program[] = [];
  readonly #servers: { stop(): Promise<void> }[] = [];
  readonly #problems: string[] = [];
  #browser: Promise<Browser> | undefined;

  constructor(root: string, relay: Relay, project: Consumer) {
    this.#root = root;
    this.#relay = relay;
    this.relay = `${relay.url.replace('http', 'ws')}/ws`;
    this.project = project;
  }

  folder(): string {
    return mkdtempSync(join(this.#root, 'example-'));
  }

  adapted(code: string, shareCode?: string): string {
    const text = code.replace(RELAYS, this.relay);
    return shareCode === undefined ? text : text.replace(SHARE_CODE, shareCode);
  }

  start(command: string, args: readonly string[], { cwd = this.folder(), env = {} }: { cwd?: string; env?: Record<string, string> } = {}): Program {
    const program = launch(command, args, cwd, env);
    this.#programs.push(program);
    return program;
  }

  async example(code: string): Promise<Program> {
    const { code: script } = await transform(code, { loader: 'ts', format: 'esm', target: 'node20' });
    const cwd = this.folder();
    symlinkSync(join(this.project.folder, 'node_modules'), join(cwd, 'node_modules'));
    const input = join(cwd, 'example.mjs');
    writeFileSync(input, script);
    return this.start(process.execPath, [input], { cwd });
  }

  async page(folder: string): Promise<Page> {
    const { chrome } = findBrowser();
    if (chrome === undefined) throw new Error('no browser: run npm test, or set CHROME_PATH');
    this.#browser ??= chromium.launch({ executablePath: chrome, args: BROWSER_FLAGS });
    const server = await serveFolder(folder);
    this.#servers.push(server);
    const page = await (await this.#browser).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.#problems.push(String(error)));
    page.on('console', (message) => {
      const matters = message.type() === 'error' || message.type() === 'warning';
      if (matters && !message.location().url.endsWith('/favicon.ico')) this.#problems.push(message.text());
    });
    await page.goto(server.url);
    return page;
  }

  async end(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    await (await this.#browser)?.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
    await this.#relay.kill();
    this.project.remove();
    rmSync(this.#root, { recursive: true, force: true });
    if (this.#problems.length > 0) throw new Error(`pages complained:\n${this.#problems.join('\n')}`);
  }
}

function launch(command: string, args: readonly string[], cwd: string, env: Record<string, string>): Program {
  // A group of its own, so that what it starts ends with it.
  const child = spawn(command, args, { cwd, env: { ...environment(), NO_COLOR: '1', ...env }, stdio: 'pipe', detached: true });
  let output = '';
  let read = 0;
  let over = false;
  const listeners = new Set<() => void>();
  const told = () => {
    for (const listener of [...listeners]) listener();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => ((output += stripVTControlCharacters(text)), told()));
  }
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(([code]) => ((over = true), told(), code as number | null));
  return {
    ended,
    output: () => output,
    type: (line) => void child.stdin.write(`${line}\n`),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void) => (clearTimeout(timer), listeners.delete(look), act());
        const fail = (why: string) => finish(() => reject(new Error(`${why}, and has not said ${pattern}; it said:\n${output}`)));
        const look = () => {
          const match = pattern.exec(output.slice(read));
          if (match === null) return over ? fail(`${command} has ended`) : undefined;
          read += match.index + match[0].length;
          finish(() => resolve(match));
        };
        const timer = setTimeout(() => fail(`${command} runs`), PATIENCE_MS);
        listeners.add(look);
        look();
      }),
    async stop() {
      try {
        if (!over && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended just now.
      }
      await ended;
    },
  };
}
