import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { WebSocketServer } from 'ws';

import { filesBelow, inlinedWasms, scriptsBelow, withoutWarnings } from '../lib/checks.mjs';
import { extensionUrl, launchExtensions } from '../lib/extensions.mjs';
import { until, watchMembers } from '../lib/members.mjs';

export const title = 'examples/extension in Chromium';
export const source = '../../examples/extension';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Chromium ends an idle worker after 30 s; for a slow machine. */
const IDLE_TIMEOUT_MS = 75_000;
/** The example's alarm goes every 30 s. */
const ALARM_TIMEOUT_MS = 45_000;
const FILE = randomBytes(3_000_001);

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const { folder, relay } = project;
  await checkFirefoxBuild(project);
  await buildExample(project);
  const recipe = await buildRecipe(project);
  const silent = join(HERE, 'silent');
  const panelUrl = extensionUrl(join(folder, 'dist'));
  const [recipeUrl, silentUrl] = [extensionUrl(recipe), extensionUrl(silent)];

  const hush = createRequire(join(folder, 'package.json'))('hushroom/room');
  const dead = await listen(project);
  const browser = await launchExtensions(join(folder, 'dist'), recipe, silent);
  project.defer(browser.stop);

  /** Somebody in a room of the example, and somebody in one of the recipe. @type {any} */
  let grace;
  const linus = await hush.createRoom({ relay, name: 'Linus' });
  project.defer(() => linus.close());

  // A room is made, and somebody joins from outside. Chat and files go both ways.
  const ada = await browser.drive(async (context) => {
    const { page, problems, worker } = await openPanel(context, panelUrl);
    await page.fill('[name=name]', 'Ada');
    await page.fill('[name=code]', 'no code');
    await page.click('#enter button');
    await page.locator('#notice', { hasText: 'not a share code' }).waitFor();
    await page.fill('[name=code]', '');
    await page.click('#enter button');
    await page.click('#copy');
    const { code, name } = await worker.evaluate(() => chrome.storage.session.get());
    assert.equal(name, 'Ada');

    grace = await hush.joinRoom({ relay, code, name: 'Grace' });
    project.defer(() => grace.close());
    const member = await until(grace, 'Ada', () => grace.members.find((/** @type {any} */ each) => each.name === 'Ada'));
    await page.locator('summary', { hasText: '2 people' }).click();
    const digits = await page.locator('#number:not(:empty)').textContent();
    assert.equal(digits?.replaceAll(' ', ''), grace.safetyNumber().digits);
    await page.locator('summary').click();
    await grace.send('hello Ada');
    await shown(page, 'hello Ada');
    await say(page, '<b>hello</b> Grace');
    await heard(grace, '<b>hello</b> Grace');

    const sent = grace.sendFile(new Blob([FILE]), { name: 'to-ada.bin' });
    await page.getByRole('button', { name: 'Accept' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save' }).click();
    assert.equal((await download).suggestedFilename(), 'to-ada.bin');
    assert.deepEqual(readFileSync(await (await download).path()), FILE);
    await sent.done;

    writeFileSync(join(folder, 'to-grace.bin'), FILE);
    await page.locator('[type=file]').setInputFiles(join(folder, 'to-grace.bin'));
    const offer = await until(grace, 'an offer', () => grace.getSnapshot().offers[0]);
    // The file belongs to the worker by now: the panel may go.
    await page.close();
    /** @type {Uint8Array[]} */
    const chunks = [];
    await offer.accept(new WritableStream({ write: (chunk) => void chunks.push(chunk) })).done;
    assert.equal(offer.name, 'to-grace.bin');
    assert.deepEqual(Buffer.concat(chunks), FILE);

    // The policy lets the worker talk to its relay only.
    assert.equal(await worker.evaluate(connects, dead.url), 'refused');
    assert.deepEqual(problems, []);

    await tell(context, recipeUrl, { join: { name: 'Margaret', code: linus.code } });
    // From here on nothing but the relay's pings keeps workers awake; this one has a connection without any, and is the last to become idle.
    await tell(context, silentUrl, dead.url);
    return member;
  });
  const margaret = await until(linus, 'Margaret', () => linus.members.find((/** @type {any} */ each) => !each.self));

  const changes = [watchMembers(grace), watchMembers(linus)];
  const idleSince = performance.now();
  await Promise.all([browser.whenRuns(silentUrl, false, IDLE_TIMEOUT_MS), once(dead.server, 'gone')]);
  const idleSeconds = Math.round((performance.now() - idleSince) / 1000);
  assert.ok(idleSeconds >= 25, `the idle worker was ended after ${idleSeconds} s: not for being idle`);
  assert.ok(browser.runs(panelUrl), "the example's worker was ended");
  assert.ok(browser.runs(recipeUrl), "the recipe's worker was ended");
  await grace.send('while the panel is closed');

  await browser.drive(async (context) => {
    const worker = workerOf(context, panelUrl);
    assert.equal(await worker.evaluate(() => chrome.action.getBadgeText({})), '1');
    const { page, problems } = await openPanel(context, panelUrl);
    await shown(page, 'while the panel is closed');
    assert.equal(await worker.evaluate(() => chrome.action.getBadgeText({})), '');
    await say(page, 'still here');
    assert.equal((await heard(grace, 'still here')).from.id, ada.id);
    await page.close();
    assert.deepEqual(problems, []);
    await tell(context, recipeUrl, { text: 'here, too' });
    assert.equal((await heard(linus, 'here, too')).from.id, margaret.id);
  });
  // The same members all the time: nobody came back.
  assert.deepEqual(changes.flatMap((each) => each.stop()), []);

  // Chromium ends workers whenever it wants. Without a panel the alarm brings the example back, as the same device.
  const endedAt = performance.now();
  const returned = watchMembers(grace);
  await browser.stopWorkers();
  const back = await returned.first('member-joined', ALARM_TIMEOUT_MS);
  const alarmSeconds = Math.round((performance.now() - endedAt) / 1000);
  assert.notEqual(back.id, ada.id);
  assert.deepEqual([back.name, back.deviceKey, back.keyChanged], ['Ada', ada.deviceKey, false]);
  returned.stop();
  await grace.send('while it was away');

  await browser.drive(async (context) => {
    const { page, problems } = await openPanel(context, panelUrl);
    for (const text of ['hello Ada', '<b>hello</b> Grace', 'while the panel is closed', 'while it was away']) await shown(page, text);
    // With a panel it is back at once.
    const again = watchMembers(grace);
    await browser.stopWorkers();
    const { id, deviceKey } = await again.first('member-joined', 10_000);
    again.stop();
    assert.equal(deviceKey, ada.deviceKey);
    await page.locator('summary', { hasText: '2 people' }).waitFor();
    await say(page, 'back again');
    assert.equal((await heard(grace, 'back again')).from.id, id);

    // A page of the extension that uses the package itself has the same identity.
    await page.goto(`${panelUrl}options.html`);
    await page.locator('#devices li', { hasText: 'Grace' }).waitFor();
    assert.equal(await page.locator('#own').textContent(), ada.deviceKey);
    await page.goto(`${panelUrl}panel.html`);
    await page.click('#leave');
    await page.locator('#enter').waitFor();
    await page.close();
    const left = await workerOf(context, panelUrl).evaluate(async () => [await chrome.storage.session.get(), await chrome.alarms.getAll()]);
    assert.deepEqual(left, [{}, []]);
    assert.deepEqual(problems, []);
  });
  return `idle worker ended after ${idleSeconds} s, those with a room were not; an ended one was back after ${alarmSeconds} s`;
}

/** @param {import('../lib/project.mjs').Project} project */
async function buildExample(project) {
  // npm speaks of its own settings.
  withoutWarnings(await project.run('npm', ['run', 'build'], { env: { RELAY: project.relay } }), /^npm warn/);
  const dist = join(project.folder, 'dist');
  assert.equal(project.wasmFiles('dist'), 0);
  assert.equal(inlinedWasms(dist), 1);
  // No remote code, and nothing that workers do not have.
  for (const script of scriptsBelow(dist)) assert.doesNotMatch(readFileSync(script, 'utf8'), /\beval\(|new Function\(|\bimport\(|importScripts/);
  const pages = filesBelow(dist).filter((name) => name.endsWith('.html'));
  for (const page of pages) assert.doesNotMatch(readFileSync(page, 'utf8'), /https?:/);
  const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'));
  assert.deepEqual(manifest.permissions, ['alarms', 'sidePanel', 'storage']);
  assert.equal(manifest.host_permissions, undefined);
  const policy = `script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; connect-src 'self' ${new URL(project.relay).origin}`;
  assert.equal(manifest.content_security_policy.extension_pages, policy);
}

/** @param {import('../lib/project.mjs').Project} project */
async function checkFirefoxBuild(project) {
  withoutWarnings(await project.run('node', ['build.mjs', '--firefox']));
  const manifest = JSON.parse(readFileSync(join(project.folder, 'dist/manifest.json'), 'utf8'));
  assert.deepEqual(manifest.background, { scripts: ['background.js'], type: 'module' });
  assert.equal(manifest.sidebar_action.default_panel, 'panel.html');
  assert.deepEqual(manifest.permissions, ['alarms', 'storage']);
}

/** What the README says of extensions, for this relay. @param {import('../lib/project.mjs').Project} project */
async function buildRecipe(project) {
  const folder = join(project.folder, 'recipe');
  mkdirSync(folder, { recursive: true });
  for (const name of ['manifest.json', 'background.js', 'page.html']) {
    const text = readFileSync(join(HERE, 'recipe', name), 'utf8');
    const { origin } = new URL(project.relay);
    writeFileSync(join(folder, name), text.replace('wss://relay.example.com/ws', project.relay).replace('wss://relay.example.com', origin));
  }
  const options = ['--bundle', '--format=esm', '--outfile=recipe-dist/background.js', '--log-level=warning'];
  withoutWarnings(await project.run('esbuild', ['recipe/background.js', ...options]));
  const dist = join(project.folder, 'recipe-dist');
  for (const name of ['manifest.json', 'page.html']) cpSync(join(folder, name), join(dist, name));
  return dist;
}

/** A server that takes connections and never says anything; `gone` when one is lost. @param {import('../lib/project.mjs').Project} project */
async function listen(project) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => socket.on('close', () => server.emit('gone')));
  await once(server, 'listening');
  project.defer(() => server.close());
  return { server, url: `ws://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}/` };
}

/** @param {import('playwright-core').BrowserContext} context @param {string} url */
async function openPanel(context, url) {
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(`console: ${message.text()}`));
  await page.goto(`${url}panel.html`);
  await page.locator('#enter:visible, #room:visible').waitFor();
  return { page, problems, worker: workerOf(context, url) };
}

/** @param {import('playwright-core').BrowserContext} context @param {string} url */
function workerOf(context, url) {
  const worker = context.serviceWorkers().find((each) => each.url().startsWith(url));
  assert.ok(worker, 'the worker does not run');
  return worker;
}

/**
 * Sends a message to the worker of an extension, from a page of its own.
 *
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} url
 * @param {unknown} message
 */
async function tell(context, url, message) {
  const page = await context.newPage();
  await page.goto(`${url}page.html`);
  assert.match(await page.evaluate((wish) => chrome.runtime.sendMessage(wish), message), /^(done|open)$/);
  await page.close();
}

/** Whether a connection can be opened. Runs in a worker. @param {string} address */
function connects(address) {
  return new Promise((resolve) => {
    try {
      const socket = new WebSocket(address);
      socket.onopen = () => resolve('open');
      socket.onerror = () => resolve('refused');
    } catch {
      resolve('refused');
    }
  });
}

/** @param {import('playwright-core').Page} page @param {string} text */
async function say(page, text) {
  await page.fill('#say textarea', text);
  await page.press('#say textarea', 'Enter');
  await page.locator('#messages li[data-mine=true][data-state=sent]', { hasText: text }).waitFor();
}

/** @param {import('playwright-core').Page} page @param {string} text */
const shown = (page, text) => page.locator('#messages p', { hasText: text }).waitFor();

/** @param {any} room @param {string} text */
const heard = (room, text) => until(room, text, () => room.getSnapshot().messages.find((/** @type {any} */ message) => message.text === text));
