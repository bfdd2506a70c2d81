// The examples of the README: each runs as a reader would run it, with a partner where it waits for one.

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, type BuildOptions } from 'esbuild';
import { expect } from 'vitest';
import { compileScript, parse } from 'vue/compiler-sfc';

import { memoryStore, register } from '../../js/people/index.js';
import { createRoom, joinRoom } from '../../js/room/index.js';
import type { Room } from '../../js/room/index.js';
import { heard, met, until } from '../js/agent-room.js';
import { watch } from '../e2e/watch.js';
import { extensionUrl, launchExtensions } from '../packaging/lib/extensions.mjs';
import { blocksOf, type Block } from './blocks.js';
import type { World } from './world.js';

const PHOTO = new Blob([new Uint8Array(300_000).fill(7)]);

/** Grace, in the room of this code. */
const grace = (world: World, code: string): Promise<Room> => joinRoom({ relay: world.relay, code, name: 'Grace' });

/** The code with what a comment of it tells to do done. */
function told(code: string, comment: string, act: string): string {
  expect(code).toContain(comment);
  return code.replace(comment, act);
}

export async function room({ code }: Block, world: World): Promise<void> {
  const program = await world.example(world.adapted(code));
  const [, invitation = ''] = await program.says(/^invite with (\S+)$/m);
  const partner = await grace(world, invitation);
  await met(partner, 2);
  await partner.send('Hello back');
  await program.says(/^Grace: Hello back$/m);
  const photo = partner.sendFile(PHOTO, { name: 'photo.jpg' });
  await photo.done;
  await partner.close();
  await program.stop();
}

/** A page that makes a room, or enters that of its link: what others say is there, and the button says hello. */
async function chat(world: World, bundle: (folder: string) => Promise<void>): Promise<void> {
  const folder = world.folder();
  writeFileSync(join(folder, 'index.html'), '<!doctype html><meta charset="utf-8"><div id="app"></div><script type="module" src="app.js"></script>');
  await bundle(folder);
  const page = await world.page(folder);
  const link = (await page.getByRole('link', { name: 'invite' }).getAttribute('href')) ?? '';
  const partner = await joinRoom({ relay: world.relay, code: link, name: 'Lin' });
  await met(partner, 2);
  await partner.send('Hello page');
  await page.getByText('Lin: Hello page', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Say hello' }).click();
  expect(await heard(partner, 1)).toEqual(['Hello']);
  const [invited] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', { name: 'invite' }).click()]);
  await met(partner, 3);
  expect(partner.members.map(({ name }) => name).sort()).toEqual(['Ada', 'Grace', 'Lin']);
  await invited.close();
  await page.close();
  await partner.close();
}

const forPages = (world: World): BuildOptions => ({
  bundle: true,
  format: 'esm',
  platform: 'browser',
  jsx: 'automatic',
  jsxDev: true,
  define: { 'process.env.NODE_ENV': '"development"', __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  absWorkingDir: world.project.folder,
  nodePaths: [join(world.project.folder, 'node_modules')],
  logLevel: 'error',
});

export async function react({ code }: Block, world: World): Promise<void> {
  await chat(world, async (folder) => {
    writeFileSync(join(folder, 'example.tsx'), world.adapted(code));
    const app = `import { StrictMode } from 'react';
      import { createRoot } from 'react-dom/client';
      import App from './example.tsx';
      createRoot(document.getElementById('app')).render(<StrictMode><App /></StrictMode>);`;
    await build({ ...forPages(world), stdin: { contents: app, loader: 'tsx', resolveDir: folder }, outfile: join(folder, 'app.js') });
  });
}

export async function vue({ code }: Block, world: World): Promise<void> {
  await chat(world, async (folder) => {
    const { descriptor, errors } = parse(world.adapted(code));
    expect(errors).toEqual([]);
    const compiled = compileScript(descriptor, { id: 'example', inlineTemplate: true });
    writeFileSync(join(folder, 'example.ts'), compiled.content);
    const app = `import { createApp } from 'vue';
      import Example from './example.ts';
      createApp(Example).mount('#app');`;
    await build({ ...forPages(world), stdin: { contents: app, loader: 'ts', resolveDir: folder }, outfile: join(folder, 'app.js') });
  });
}

export async function plainPage({ code }: Block, world: World): Promise<void> {
  const folder = world.folder();
  cpSync(join(world.project.installed, 'dist'), join(folder, 'hushroom'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), `<!doctype html><body>\n${code}`);
  const page = await world.page(folder);
  await page.getByText('ciphertext').waitFor();
  expect(JSON.parse(await page.locator('body').innerText())).toEqual({ iv: expect.stringMatching(/^[\w-]{16}$/), ciphertext: expect.stringMatching(/^[\w-]{28}$/) });
  await page.close();
}

export async function agent({ code }: Block, world: World): Promise<void> {
  const program = await world.example(world.adapted(code));
  const [invitation] = await program.says(/^hush1:\S+$/m);
  const partner = await grace(world, invitation);
  await met(partner, 2);
  expect(partner.members.map(({ name }) => name)).toContain('Dice');
  await partner.send('/roll');
  expect((await heard(partner, 1))[0]).toMatch(/^[1-6]$/);
  await partner.sendFile(PHOTO, { name: 'photo.jpg' }).done;
  expect((await heard(partner, 2))[1]).toBe('photo.jpg has 300000 bytes');
  await partner.close();
  await program.stop();
}

export async function files({ code }: Block, world: World): Promise<void> {
  const program = await world.example(code);
  expect([await program.ended, program.output()]).toEqual([0, 'hello\nof any size: it is streamed, never held\n']);
}

export async function errors({ code }: Block, world: World): Promise<void> {
  const program = await world.example(code);
  expect([await program.ended, program.output()]).toEqual([0, '']);
  // It does go that way: without the line that takes it, the error comes through.
  const strict = await world.example(told(code, "error.code !== 'DECRYPT_FAILED'", "error.code === 'DECRYPT_FAILED'"));
  expect(await strict.ended).toBe(1);
  expect(strict.output()).toContain('DECRYPT_FAILED');
}

export async function identity({ code }: Block, world: World): Promise<void> {
  const host = await createRoom({ relay: world.relay, name: 'Lin' });
  const program = await world.example(
    world.adapted(told(code, '// Once they are the same: await room.verify(event.member.id), which', 'await room.verify(event.member.id); //'), host.code),
  );
  await met(host, 2);
  const ada = () => host.members.find(({ name }) => name === 'Ada');
  const first = await grace(world, host.code);
  await met(first, 3);
  const [, digits = ''] = await program.says(/^compare with Grace by another way: ([\d ]+) \(\d+ bytes to scan\)$/m);
  expect(first.safetyNumber(first.members.find(({ name }) => name === 'Ada')?.id ?? '').digits).toBe(digits);
  await first.close();
  await until(host, () => host.members.length === 2 && ada() !== undefined);
  const second = await grace(world, host.code);
  await program.says(/^Grace has another key than before$/m);
  await second.close();
  await host.close();
  await program.stop();
}

export async function comparison({ code }: Block, world: World): Promise<void> {
  const confirmed = told(code, '// then comparison.confirm(true)', 'if (state === "pictures") comparison.confirm(true);');
  // The example tells nobody its code: a partner needs it.
  const program = await world.example(`${world.adapted(confirmed).replace(/^for await/m, 'console.log(room.code);\nfor await')}`);
  const [invitation] = await program.says(/^hush1:\S+$/m);
  const partner = await grace(world, invitation);
  const seen = watch(partner);
  const state = (wanted: string) =>
    seen.until((events) => events.map((event) => (event.type === 'comparison' ? event.comparison : undefined)).find((one) => one?.state === wanted), wanted);
  (await state('requested')).accept();
  const { pictures = [], confirm } = await state('pictures');
  const shown = pictures.map(({ emoji, name }) => `${emoji} ${name}`);
  expect(shown).toHaveLength(7);
  const [output] = await program.says(/\[[^\]]*\]/);
  for (const picture of shown) expect(output).toContain(picture);
  confirm(true);
  await program.says(/^nobody stands between$/m);
  await partner.close();
  await program.stop();
}

export async function people({ code }: Block, world: World): Promise<void> {
  const friend = await register({ relay: world.relay, userId: 'grace', store: memoryStore() });
  const program = await world.example(world.adapted(code));
  await program.says(/^new (\d{5} ?){12}$/m);
  const [invitation] = await friend.invitations();
  expect(invitation).toMatchObject({ text: 'Have a look' });
  const partner = await grace(world, invitation?.code ?? '');
  await met(partner, 2);
  await partner.close();
  await program.stop();
}

/** Read here; run with the worker below it. */
export function manifest({ code }: Block): void {
  expect(Object.keys(JSON.parse(code) as object)).toEqual(['minimum_chrome_version', 'permissions', 'background', 'content_security_policy']);
}

/** The manifest and the worker of one extension: what a page of it asks for comes to the room. */
export async function extension({ code }: Block, world: World): Promise<void> {
  const folder = world.folder();
  const { code: manifestText = '{}' } = blocksOf('README.md').find(({ language }) => language === 'json') ?? {};
  const manifest = JSON.parse(manifestText.replace('wss://relay.example.com', world.relay.replace(/\/ws$/, ''))) as Record<string, unknown>;
  expect(JSON.stringify(manifest)).toContain(new URL(world.relay).host);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ manifest_version: 3, name: 'Example', version: '1.0', ...manifest }));
  writeFileSync(join(folder, 'page.html'), '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">');
  await build({ ...forPages(world), stdin: { contents: world.adapted(code), resolveDir: world.project.folder }, outfile: join(folder, 'background.js') });
  const partner = await createRoom({ relay: world.relay, name: 'Grace' });
  const browser = await launchExtensions(folder);
  try {
    await browser.drive(async (context) => {
      const page = await context.newPage();
      await page.goto(`${extensionUrl(folder)}page.html`);
      const ask = (message: object) => page.evaluate(`chrome.runtime.sendMessage(${JSON.stringify(message)})`);
      expect(await ask({ join: { name: 'Ada', code: partner.code } })).toBe('done');
      await met(partner, 2);
      expect(await ask({ text: 'Hello from a worker' })).toBe('done');
      expect(await heard(partner, 1)).toEqual(['Hello from a worker']);
      expect(await page.evaluate('chrome.storage.session.get()')).toEqual({ name: 'Ada', code: partner.code });
    });
  } finally {
    await browser.stop();
    await partner.close();
  }
}
