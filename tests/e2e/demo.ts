import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';

import { createRoom, gone, joinByLink, launchBrowser, openPage, says, shown, startRelay } from './helpers.js';
import type { DemoPage, Relay } from './helpers.js';

/** A narrow screen, touched. */
export const NARROW = { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true } as const;

/** The looks in which every screen is checked and pictured. */
export const LOOKS = [
  ['wide-light', { colorScheme: 'light' }],
  ['wide-dark', { colorScheme: 'dark' }],
  ['narrow-light', { colorScheme: 'light', ...NARROW }],
  ['narrow-dark', { colorScheme: 'dark', ...NARROW }],
] as const;

/** A microphone that hears beeps, a camera, and a person who allows both. */
export const MICROPHONE = { fakeDevices: true } as const;

/** The two kinds of rooms. */
export const PROTOCOLS = ['hush1', 'arthas'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What a room is opened with besides a name. */
export interface Opening {
  readonly protocol?: Protocol;
  /** As the start screen words it. */
  readonly vanish?: string;
  readonly password?: string;
}

/** The demo in a browser. What it opens is closed after each test. */
export interface Demo {
  readonly browser: Browser;
  readonly relay: Relay;
  /** Another relay, to be killed: at any port, or where one was before. */
  startRelay(port?: number): Promise<Relay>;
  /** A page at the relay, or at another address. */
  open(options?: BrowserContextOptions, address?: string): Promise<DemoPage>;
  join(name: string, link: string, options?: BrowserContextOptions): Promise<DemoPage>;
  /** Ana has opened a room, Ben has come in by the link, and each knows of the other. */
  pair(
    options?: BrowserContextOptions,
    opening?: Opening,
  ): Promise<{ ana: DemoPage; ben: DemoPage; link: string }>;
}

/** All pages of a test come from one address. */
const FREE = ['--directory-requests-per-minute=0', '--registrations-per-minute=0', '--invitations-per-minute=0'];

/** Starts a browser and a relay for the tests of a file. */
export function useDemo(devices: Parameters<typeof launchBrowser>[0] = {}): Demo {
  let browser: Browser | undefined;
  let relay: Relay | undefined;
  let opened: DemoPage[] = [];
  let relays: Relay[] = [];
  let folder: string | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hushroom-demo-'));
    // As `npm start` runs it.
    const options = ['--directory', join(folder, 'directory.redb'), ...FREE];
    [browser, relay] = await Promise.all([launchBrowser(devices), startRelay(0, options)]);
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.kill();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    const pages = opened;
    opened = [];
    await Promise.all(pages.map((page) => page.close()));
    const others = relays;
    relays = [];
    await Promise.all(others.map((other) => other.kill()));
  });

  async function keep(page: Promise<DemoPage>): Promise<DemoPage> {
    const demo = await page;
    opened.push(demo);
    return demo;
  }

  const demo: Demo = {
    get browser() {
      return started(browser);
    },
    get relay() {
      return started(relay);
    },
    async startRelay(port = 0) {
      const other = await startRelay(port);
      relays.push(other);
      return other;
    },
    open: (options = {}, address = demo.relay.url) => keep(openPage(demo.browser, address, options)),
    join: (name, link, options = {}) => keep(joinByLink(demo.browser, link, name, options)),
    async pair(options = {}, opening = {}) {
      const ana = await demo.open(options);
      await choose(ana.page, opening);
      const link = await createRoom(ana, 'Ana');
      const ben = await demo.join('Ben', link, options);
      await says(ana.page.getByTestId('note'), 'Ben is here');
      // Who comes to an Arthas room finds the others there; in a native one they make themselves known.
      if (opening.protocol !== 'arthas') await says(ben.page.getByTestId('note'), 'Ana is here');
      return { ana, ben, link };
    },
  };
  return demo;
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('only inside tests');
  return part;
}

/** Chooses on the start screen what kind of room to open. */
export async function choose(page: Page, { protocol = 'hush1', vanish, password }: Opening): Promise<void> {
  if (protocol === 'hush1' && vanish === undefined) return;
  await page.getByTestId('more').locator('summary').click();
  if (vanish !== undefined) await page.getByLabel('Messages vanish').selectOption(vanish);
  if (protocol === 'arthas') await page.getByRole('radio', { name: 'Arthas compatible' }).check();
  if (password !== undefined) await page.getByTestId('password').fill(password);
}

/** Waits until `announce` has been asked to say so: several in a short time are told one after another. */
export async function heard(page: Page, text: string | RegExp): Promise<void> {
  await says(page.getByTestId('announcer'), text);
}

/** The share code in a link. */
export const codeOf = (link: string): string =>
  decodeURIComponent(new URL(link).hash).replace(/^#(\/join\/)?/, '');

/** Attaches files and sends them. */
export async function sendFiles(page: Page, files: Parameters<Page['setInputFiles']>[1]): Promise<void> {
  await page.getByTestId('file-input').setInputFiles(files);
  await shown(page.getByTestId('tray'));
  await page.getByTestId('send').click();
  await gone(page.getByTestId('tray'));
}

/** A PNG of a calm evening. */
export function picture(width: number, height: number): Buffer {
  const rows = Array.from({ length: height }, (_, y) => {
    const row = Buffer.alloc(1 + width * 3);
    for (let x = 0; x < width; x++) row.set(colourAt(x / width, y / height), 1 + x * 3);
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits a channel, red, green and blue.
  header.set([8, 2], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const body = [chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.concat(rows))), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...body]);
}

function colourAt(x: number, y: number): [number, number, number] {
  const ridge = 0.5 - 0.16 * Math.abs(Math.sin(x * 5 + 0.6)) - 0.06 * Math.abs(Math.sin(x * 13));
  if (y > 0.62) return [40 + 60 * (1 - y), 74 + 60 * (1 - y), 84 + 70 * (1 - y)];
  if (y > ridge) return [46, 78, 70];
  return [150 + 130 * y, 188 + 50 * y, 214 - 30 * y];
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, check]);
}
