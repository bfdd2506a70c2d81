import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { generateShareCode } from '../../js/codes.js';
import { createRoom, joinRoom } from '../../js/room/index.js';
import { at, run } from '../../scripts/lib/run.mjs';
import { pack } from '../../scripts/lib/www.mjs';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { heard, met } from './agent-room.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hushroom-example-')));
const bots: ChildProcess[] = [];
let relay: Relay;

/** The example, installed as its README says, from packed packages and without a registry. */
beforeAll(async () => {
  relay = await startRelay();
  cpSync(at('examples/node-agent'), folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const npm = (...args: string[]) => run('npm', args, { cwd: folder, quiet: true });
  const ws = JSON.parse(await npm('pack', '--json', '--ignore-scripts', at('node_modules/ws'))) as [{ filename: string }];
  const manifest = join(folder, 'package.json');
  const project = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies: Record<string, string> };
  project.dependencies = { hushroom: `file:${await pack(folder)}`, ws: `file:${join(folder, ws[0].filename)}` };
  writeFileSync(manifest, JSON.stringify(project));
  await npm('install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts');
});
afterAll(async () => {
  for (const bot of bots) bot.kill('SIGKILL');
  await relay.kill();
  rmSync(folder, { recursive: true });
});

/** Starts the bot; gives the code it prints, and how to end it. */
async function start(env: Record<string, string>) {
  const received = join(folder, `received-${bots.length}`);
  const child = spawn(process.execPath, ['bot.js'], {
    cwd: folder,
    env: { ...process.env, RELAY: relay.url, FOLDER: received, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  bots.push(child);
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const code = /^in the room: (\S+)$/.exec(line)?.[1];
    if (code !== undefined) return { code, received, end: async () => (child.kill('SIGTERM'), (await exited)[0] as unknown) };
  }
  throw new Error('the bot ended');
}

describe('the example', () => {
  it('uses nothing but the packed package', () => {
    const source = readFileSync(join(folder, 'bot.js'), 'utf8');
    expect([...source.matchAll(/from '([^']+)'/g)].map(([, name]) => name)).toEqual(['node:crypto', 'node:fs', 'hushroom/agent']);
    expect(existsSync(join(folder, 'node_modules/hushroom/dist/agent.js'))).toBe(true);
  });

  it.each(['hush1', 'arthas'] as const)('rolls dice and tells checksums in a %s room', async (protocol) => {
    const bot = await start({ PROTOCOL: protocol });
    const ada = await joinRoom({ relay: relay.url, code: bot.code, name: 'Ada' });
    await met(ada, 2);
    expect(ada.protocol).toBe(protocol);
    await ada.send('hello');
    await ada.send('/roll');
    await ada.send('@dice /roll 3d20');
    const [one, three] = await heard(ada, 2);
    expect(one).toMatch(/^[1-6]$/);
    const [, dice = '', sum] = /^([\d +]+) = (\d+)$/.exec(three ?? '') ?? [];
    expect(dice.split(' + ').reduce((total, die) => total + Number(die), 0)).toBe(Number(sum));
    const data = randomBytes(150_000);
    const transfer = ada.sendFile(new Blob([data]), { name: 'data.bin' });
    const hash = createHash('sha256').update(data).digest('hex');
    expect((await heard(ada, 3))[2]).toBe(`data.bin: 150000 bytes, SHA-256 ${hash}`);
    await transfer.done;
    expect(readFileSync(join(bot.received, 'data.bin')).equals(data)).toBe(true);
    expect(await bot.end()).toBe(0);
    await met(ada, 1);
    await ada.close();
  });

  it('joins a room, and fails when there is none', async () => {
    const ada = await createRoom({ relay: relay.url, name: 'Ada' });
    const bot = await start({ CODE: ada.code, NAME: 'Roller' });
    await met(ada, 2);
    expect(ada.members.map(({ name }) => name)).toContain('Roller');
    await bot.end();
    await ada.close();
    await expect(start({ CODE: generateShareCode() })).rejects.toThrow('the bot ended');
  });
});
