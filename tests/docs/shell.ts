// Commands and transcripts: run with the built programs, in empty folders, against a relay of our own.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { expect } from 'vitest';

import { at, run, targetDir } from '../../scripts/lib/run.mjs';
import { pack } from '../../scripts/lib/www.mjs';
import { commandsOf, type Block } from './blocks.js';
import type { Program, World } from './world.js';

/** The built command line. */
function cli(): string {
  const found = ['debug', 'release'].map((kind) => join(targetDir, kind, 'hushroom')).find((path) => existsSync(path));
  if (found === undefined) throw new Error('there is no command line: cargo build -p hushroom-cli');
  return found;
}

/** A shell in which `hushroom` is the built one and `ssh` runs here. */
class Shell {
  readonly folder: string;
  readonly #world: World;
  readonly #env: Record<string, string>;

  constructor(world: World, env: Record<string, string> = {}) {
    this.#world = world;
    this.folder = world.folder();
    const programs = world.folder();
    symlinkSync(cli(), join(programs, 'hushroom'));
    writeFileSync(join(programs, 'ssh'), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
    const path = [programs, process.env['PATH']].join(delimiter);
    this.#env = { PATH: path, HOME: this.folder, HUSHROOM_SERVER: world.relay, ...env };
  }

  /** A member of the same room, with another home. */
  other(): Shell {
    return new Shell(this.#world);
  }

  start(command: string): Program {
    return this.#world.start('bash', ['-o', 'pipefail', '-c', command], { cwd: this.folder, env: this.#env });
  }

  /** Runs a command that ends, and must succeed; gives what it printed. */
  async run(command: string): Promise<string> {
    const program = this.start(command);
    expect(await program.ended, `${command}\n${program.output()}`).toBe(0);
    return program.output();
  }

  /** Starts a command that opens a room; gives its code. */
  async room(command: string): Promise<{ program: Program; code: string }> {
    const program = this.start(command);
    const [code] = await program.says(/hush1:[\w:-]+/);
    return { program, code };
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }
}

/** Runs the commands of a block, each as the table says: neither more nor fewer than it knows. */
async function inOrder(block: Block, table: Readonly<Record<string, (command: string) => unknown>>): Promise<void> {
  expect(commandsOf(block)).toEqual(Object.keys(table));
  for (const [command, act] of Object.entries(table)) await act(command);
}

/** `npm install hushroom`, from packed packages and without a registry. */
export async function install(block: Block, world: World): Promise<void> {
  const folder = world.folder();
  const [packed, listing] = await Promise.all([pack(folder), run('npm', ['pack', '--json', '--ignore-scripts', at('node_modules/ws')], { cwd: folder, quiet: true })]);
  const [{ filename }] = JSON.parse(listing) as [{ filename: string }];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { ws: `file:${filename}` } }));
  await inOrder(block, {
    'npm install hushroom': async (command) => {
      const args = command.replace('npm ', '').replace('hushroom', packed).split(' ');
      await run('npm', [...args, '--offline', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder, quiet: true });
    },
  });
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  expect(Object.keys(dependencies)).toContain('hushroom');
  expect(await run(process.execPath, ['-p', "require('hushroom').generateShareCode()"], { cwd: folder, quiet: true })).toMatch(/^hush1:/);
}

/** Commands of npm name scripts that there are, here or in an example. What they do, `npm test` and `npm run test:packaging` show. */
export function npmScripts(block: Block): void {
  const folder = dirname(block.file);
  const manifest = (path: string) => JSON.parse(readFileSync(at(path, 'package.json'), 'utf8')) as { version: string; scripts: Record<string, string> };
  const commands = block.code.split('\n').flatMap((line) => {
    const inRoot = /# in the repository's root$/.test(line) || folder === '.';
    return line.replace(/\s#.*$/, '').split(' && ').filter((text) => text.trim() !== '').map((text) => [text.trim(), inRoot ? '.' : folder] as const);
  });
  expect(commands.length).toBeGreaterThan(0);
  for (const [command, where] of commands) {
    const [, script] = /^(?:[A-Z_]+=\S+ )*npm (?:run )?(\w+)$/.exec(command) ?? [];
    const tarball = /^npm install \.\.\/\.\.\/(\S+)$/.exec(command)?.[1];
    if (tarball !== undefined) expect(tarball).toBe(`hushroom-${manifest('.').version}.tgz`);
    else if (script !== 'install' && script !== 'pack') expect(manifest(where).scripts, command).toHaveProperty([script ?? command]);
    for (const [, variable = ''] of command.matchAll(/([A-Z_]+)=/g)) {
      expect(readdirSync(at(where), { recursive: true, encoding: 'utf8' }).some((name) => !name.includes('node_modules') && /\.[mc]?[jt]sx?$|\.vue$/.test(name) && readFileSync(at(where, name), 'utf8').includes(variable)), variable).toBe(true);
    }
  }
}

/** A relay as in the documents, on a port that is free; it says the address that it would have without. */
async function relay(shell: Shell, command: string): Promise<void> {
  const program = shell.start(`exec ${command} --listen 127.0.0.1:0`);
  const [, address] = await program.says(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
  expect((await fetch(`${address}/ping`)).status).toBe(200);
  expect(await shell.run(`${command} --help`)).toContain('[default: 127.0.0.1:8787]');
  await program.stop();
}

export async function cliFirst(block: Block, world: World): Promise<void> {
  const shell = new Shell(world);
  await inOrder(block, {
    'cargo build --release -p hushroom-cli': () => {
      const manifest = readFileSync(at('cli/Cargo.toml'), 'utf8');
      expect(manifest).toMatch(/name = "hushroom-cli"[^]*\[\[bin\]\]\nname = "hushroom"/);
      // The relay is in it, and asks for more than the workspace.
      expect(block.code).toContain(`Rust ${/rust-version = "([\d.]+)"/.exec(readFileSync(at('relay/Cargo.toml'), 'utf8'))?.[1]} or later`);
    },
    'hushroom relay &': (command) => relay(shell, command.replace(' &', '')),
  });
  const help = await shell.run('hushroom join --help');
  for (const name of ['--server', 'HUSHROOM_SERVER']) expect([block.code.includes(name), help.includes(name)]).toEqual([true, true]);
}

export async function selfHosting(block: Block, world: World): Promise<void> {
  await inOrder(block, {
    'npm run build': () => npmScripts({ ...block, file: 'README.md', code: 'npm run build\n' }),
    'target/release/hushroom-relay': (command) => relay(new Shell(world), command.replace('target', targetDir)),
  });
}

/** Room of the two transcripts of the chapter on chats: both sides run at once, and each must fit. */
const chats = new WeakMap<World, { code: Promise<string>; found(code: string): void }>();
function chat(world: World): { code: Promise<string>; found(code: string): void } {
  let meeting = chats.get(world);
  if (meeting === undefined) {
    let found = (_: string): void => undefined;
    meeting = { code: new Promise<string>((resolve) => (found = resolve)), found: (code) => found(code) };
    chats.set(world, meeting);
  }
  return meeting;
}

const CODE = /hush1:[\w-]{21}:[\w-]{43}/;

/**
 * One side of a chat in the terminal: types what stands behind `>`, once all above it was printed, and expects every other line.
 * What differs each time is left open: codes, times, digits of safety numbers, how far a file is.
 */
export async function transcript({ code: text }: Block, world: World): Promise<void> {
  const lines = text.split('\n').filter((line) => line !== '');
  const [, command = ''] = /^\$ (.+)$/.exec(lines.shift() ?? '') ?? [];
  const shell = new Shell(world);
  writeFileSync(shell.path('photo.jpg.new'), Buffer.alloc(2_400_000, 1));
  const joins = CODE.test(command);
  if (!joins) await shell.run('mv photo.jpg.new photo.jpg');
  const program = shell.start(joins ? command.replace(CODE, await chat(world).code) : command);
  for (const line of lines) {
    if (line.startsWith('> ')) {
      program.type(line.slice(2));
      continue;
    }
    // Said to who sits at a terminal only.
    if (line === '* /help lists the commands, /quit leaves') continue;
    const escaped = line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const pattern = escaped
      .replace(CODE, '(hush1:[\\w-]{21}:[\\w-]{43})')
      .replace(/^\d\d:\d\d /, '\\d\\d:\\d\\d ')
      .replace(/\d+%/, '\\d+%')
      .replace(/\d{5}/g, '\\d{5}');
    const [, code] = await program.says(new RegExp(`^${pattern}$`, 'm'));
    if (code !== undefined) chat(world).found(code);
  }
  expect(await program.ended).toBe(0);
  if (joins) expect(statSync(shell.path('photo.jpg')).size).toBe(2_400_000);
}

export async function roomForTwo(block: Block, world: World): Promise<void> {
  const shell = new Shell(world);
  await inOrder(block, {
    'hushroom create --two --identity me.identity': async (command) => {
      const { program, code } = await shell.room(command);
      expect(statSync(shell.path('me.identity')).mode & 0o77).toBe(0);
      expect(await shell.other().run(`hushroom join ${code} --once <<<hello`)).not.toContain('hush1:');
      const third = shell.other().start(`hushroom join ${code} --once <<<hello`);
      expect(await third.ended).toBe(6);
      await program.stop();
    },
  });
}

export async function people(block: Block, world: World): Promise<void> {
  const [name, friend] = ['ada-of-cli', 'grace-of-cli'];
  const ada = new Shell(world);
  const grace = new Shell(world);
  const own = (command: string) => command.replace(/\bada\b/, name).replace(/\bgrace\b/, friend);
  let environment = '';
  const asGrace = (command: string) => grace.run(`${environment}; ${command}`);
  const asAda = (command: string) => ada.run(`${environment}; ${own(command)}`);
  await inOrder(block, {
    'export HUSHROOM_SERVER=wss://chat.example/ws HUSHROOM_IDENTITY=$HOME/me.identity': async (command) => {
      environment = command.replace('wss://chat.example/ws', world.relay);
      await asGrace(`hushroom people register ${friend}`);
    },
    'hushroom people register ada': async (command) => expect(await asAda(command)).toMatch(/^identity key +[\w-]{43}\n/m),
    'hushroom people lookup grace': async (command) => expect(await asAda(command)).toMatch(/^( +\d{5}){6}$/m),
    "hushroom people invite grace --text 'call me'": async (command) => {
      const program = ada.start(`${environment}; ${own(command)}`);
      await program.says(/is invited/);
      const list = await asGrace('hushroom people invitations');
      expect(list).toContain(`from ${name}`);
      expect(list).toContain('call me');
      expect(await asGrace('hushroom people invitations --open 1 </dev/null')).not.toContain('error');
      await program.says(/joined/);
      await program.stop();
      const { program: room, code } = await ada.room(`${environment}; hushroom create --name Ada`);
      await asAda(`hushroom people invite grace --code ${code} </dev/null`);
      await asGrace('hushroom people invitations --delete 1');
      await room.stop();
    },
    'hushroom people invitations': async (command) => expect(await asGrace(command)).not.toContain('from'),
    'hushroom people acknowledge-key grace KEY': async (command) => {
      await asGrace('hushroom people replace-key');
      const changed = await asAda('hushroom people lookup grace');
      expect(changed).toContain('ANOTHER KEY');
      await asAda(command.replace('KEY', /identity key +([\w-]{43})/.exec(changed)?.[1] ?? ''));
      expect(await asAda('hushroom people lookup grace')).not.toContain('ANOTHER KEY');
    },
  });
  for (const command of ['renew', 'replace-key', 'remove']) expect(block.code).toContain(command);
  await asGrace('hushroom people renew');
  await asGrace('hushroom people remove </dev/null');
}

export async function inScripts(block: Block, world: World): Promise<void> {
  const sender = new Shell(world);
  const receiver = new Shell(world);
  mkdirSync(receiver.path('Downloads'));
  writeFileSync(sender.path('photo.jpg'), 'photo');
  let sent: Awaited<ReturnType<Shell['room']>> | undefined;
  let host: Awaited<ReturnType<Shell['room']>> | undefined;
  await inOrder(block, {
    'hushroom send photo.jpg': async (command) => (sent = await sender.room(command)),
    'hushroom receive CODE --output ~/Downloads': async (command) => {
      await receiver.run(command.replace('CODE', sent?.code ?? ''));
      expect(readFileSync(receiver.path('Downloads/photo.jpg'), 'utf8')).toBe('photo');
      expect(await sent?.program.ended).toBe(0);
      const again = await sender.room('hushroom send photo.jpg');
      expect(await receiver.run(`hushroom receive ${again.code} --output - 2>/dev/null`)).toBe('photo');
    },
    'echo "build failed" | hushroom join CODE --name ci --once': async (command) => {
      host = await sender.room('hushroom create --name Ada');
      await receiver.run(command.replace('CODE', host.code));
      await host.program.says(/ci: build failed/);
      const asking = receiver.start(`${command.replace('CODE', host.code)} --wait 30s`);
      await host.program.says(/ci: build failed/);
      host.program.type('on it');
      await asking.says(/on it/);
      await asking.stop();
    },
    'hushroom join CODE --json': async (command) => {
      const member = receiver.start(command.replace('CODE', host?.code ?? ''));
      const [line] = await member.says(/^\{.*"member-joined".*\}$/m);
      expect(JSON.parse(line)).toMatchObject({ type: 'member-joined', name: 'Ada' });
      expect(existsSync(at('src/room/output.rs'))).toBe(true);
      await member.stop();
      await host?.program.stop();
    },
  });
}

export async function onThisMachine(block: Block, world: World): Promise<void> {
  const shell = new Shell(world);
  const content = Buffer.alloc(1_100_000, 'backup of everything ');
  writeFileSync(shell.path('backup.tar'), content);
  mkdirSync(shell.path('folder'));
  writeFileSync(shell.path('folder/note'), 'note');
  const runs = (command: string) => shell.run(command);
  await inOrder(block, {
    'hushroom encrypt backup.tar --generate-key backup.key': runs,
    'hushroom decrypt backup.tar.hush --key-file backup.key': async (command) => {
      await shell.run('mv backup.tar backup.original');
      await shell.run(command);
      expect(readFileSync(shell.path('backup.tar')).equals(content)).toBe(true);
    },
    "tar c folder | hushroom encrypt --key-file backup.key | ssh host 'cat > folder.hush'": async (command) => {
      await shell.run(command);
      expect(await shell.run('hushroom decrypt folder.hush --key-file backup.key -o - | tar xO folder/note')).toContain('note');
    },
    'hushroom decrypt backup.tar.hush --key-file backup.key --range 1000000..1001024 -o part': async (command) => {
      await shell.run(command);
      expect(readFileSync(shell.path('part')).equals(content.subarray(1_000_000, 1_001_024))).toBe(true);
    },
  });
}
