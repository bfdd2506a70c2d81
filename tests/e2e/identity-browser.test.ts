import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { servePackage } from './browser-peer.js';
import { launchBrowser, startRelay, type Relay } from './helpers.js';

/** `indexedDbStore` in a real browser, with the built package. */
let relay: Relay;
let browser: Browser;
let site: { url: string; close(): void };
let profile: BrowserContext;

beforeAll(async () => {
  [relay, browser, site] = await Promise.all([startRelay(0, ['--joins-per-minute', '0']), launchBrowser(), servePackage()]);
});
afterAll(async () => {
  site.close();
  await browser.close();
  await relay.kill();
});
beforeEach(async () => {
  profile = await browser.newContext();
  return () => profile.close();
});

/** A tab in the profile. */
async function tab(): Promise<Page> {
  const page = await profile.newPage();
  await page.goto(site.url);
  await loaded(page);
  return page;
}

const loaded = (page: Page) => page.waitForFunction(() => globalThis.hush !== undefined);
const deviceKey = (page: Page) => page.evaluate(async () => (await hush.openIdentity({ store: hush.indexedDbStore() })).deviceKey);
const key = (index: number) => Buffer.alloc(32, index + 1).toString('base64url');

/** What the database holds, as a script of the page can read it: the fields of its one row, bytes as numbers. */
function row(page: Page) {
  return page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await settled(indexedDB.open('hushroom'));
    const objects = [...database.objectStoreNames];
    const rows = await settled<{ key: CryptoKey; iv: Uint8Array; sealed: ArrayBuffer }[]>(database.transaction(objects[0]!).objectStore(objects[0]!).getAll());
    database.close();
    const { key: kept, iv, sealed } = rows[0]!;
    const exported = await Promise.all(['raw', 'jwk'].map((format) => crypto.subtle.exportKey(format as 'raw', kept).then(() => 'exported', (error: Error) => error.name)));
    return { objects, rows: rows.length, extractable: kept.extractable, usages: kept.usages, exported, iv: [...iv], sealed: [...new Uint8Array(sealed)] };
  });
}

describe('indexedDbStore', () => {
  it('keeps the key over a reload and a new tab, and another database has another', async () => {
    const page = await tab();
    const first = await deviceKey(page);
    await page.reload();
    await loaded(page);
    expect(await deviceKey(page)).toBe(first);
    expect(await deviceKey(await tab())).toBe(first);
    const other = await page.evaluate(async () => (await hush.openIdentity({ store: hush.indexedDbStore('other') })).deviceKey);
    expect(other).not.toBe(first);
  });

  it('holds nothing that can be read, under a key that cannot be taken out', async () => {
    const page = await tab();
    const state = await page.evaluate(async (known) => {
      const store = hush.indexedDbStore();
      const identity = await hush.openIdentity({ store });
      await identity.verify(known);
      return [...(await store.get())!];
    }, key(1));
    const first = await row(page);
    expect(first).toMatchObject({ rows: 1, extractable: false, exported: ['InvalidAccessError', 'InvalidAccessError'] });
    expect([...first.usages].sort()).toEqual(['decrypt', 'encrypt']);
    const sealed = Buffer.from(first.sealed);
    expect(sealed.length).toBe(state.length + 16);
    const seed = Buffer.from(state.slice(1, 33));
    const parts = [seed, Buffer.from(key(1), 'base64url')].flatMap((secret) => [0, 8, 16, 24].map((at) => secret.subarray(at, at + 8)));
    expect(parts.filter((part) => sealed.includes(part))).toEqual([]);
    // Each time under another nonce.
    await page.evaluate(async (known) => (await hush.openIdentity({ store: hush.indexedDbStore() })).verify(known), key(2));
    expect((await row(page)).iv).not.toEqual(first.iv);
  });

  it('makes one identity for two tabs that come at once, and loses no change of either', async () => {
    const tabs = [await tab(), await tab()];
    const keys = await Promise.all(tabs.map(deviceKey));
    expect(keys[0]).toBe(keys[1]);
    const verify = (page: Page, known: string[]) =>
      page.evaluate(async (all) => {
        const identity = await hush.openIdentity({ store: hush.indexedDbStore() });
        await Promise.all(all.map((one) => identity.verify(one)));
      }, known);
    const all = Array.from({ length: 20 }, (_, index) => key(index));
    await Promise.all(tabs.map((page, at) => verify(page, all.filter((_, index) => index % 2 === at))));
    const known = await tabs[0]!.evaluate(async () => (await hush.openIdentity({ store: hush.indexedDbStore() })).knownDevices());
    expect(known.map((device) => device.deviceKey).sort()).toEqual([...all].sort());
  });

  it('shows in one tab what another has verified, and is the same device in rooms after a reload', async () => {
    const [one, two] = [await tab(), await tab()];
    const enter = (page: Page, code?: string) =>
      page.evaluate(
        async ([url, text]) => {
          const identity = await hush.openIdentity({ store: hush.indexedDbStore() });
          const options = { relay: url!, name: 'Grace', identity };
          const room = text === undefined ? await hush.createRoom(options) : await hush.joinRoom({ ...options, code: text });
          Object.assign(globalThis, { room });
          return room.code;
        },
        [relay.url, code] as const,
      );
    const ada = (page: Page, test: 'verified' | 'keyChanged' | 'deviceKey') =>
      page.waitForFunction((field) => globalThis.room.members.find(({ name }) => name === 'Ada')?.[field], test);
    const code = await enter(one);
    await enter(two, code);
    const stranger = await browser.newContext();
    const ada1 = await stranger.newPage();
    const adaEnters = async () => {
      await ada1.goto(site.url);
      await loaded(ada1);
      await ada1.evaluate(
        async ([url, text]) => {
          const identity = await hush.openIdentity({ store: hush.indexedDbStore() });
          Object.assign(globalThis, { room: await hush.joinRoom({ relay: url!, code: text!, name: 'Ada', identity }) });
        },
        [relay.url, code] as const,
      );
    };
    await adaEnters();
    await Promise.all([ada(one, 'deviceKey'), ada(two, 'deviceKey')]);
    await one.evaluate(() => globalThis.room.verify(globalThis.room.members.find(({ name }) => name === 'Ada')!.id));
    await ada(two, 'verified');

    // She reloads: the same key, and the mark is there at once. Her old tab may still be listed as away.
    await ada1.evaluate(() => globalThis.room.close());
    await one.waitForFunction(() => globalThis.room.members.every(({ name }) => name !== 'Ada'));
    await adaEnters();
    await ada(one, 'verified');
    await ada(two, 'verified');
    expect(await one.evaluate(() => globalThis.room.members.filter(({ name }) => name === 'Ada').map(({ keyChanged }) => keyChanged))).toEqual([false]);
    await stranger.close();
  });

  it('refuses what was sealed otherwise, and says where it cannot be', async () => {
    const page = await tab();
    await deviceKey(page);
    const codes = await page.evaluate(async () => {
      const settled = <T>(request: IDBRequest<T>) => new Promise<T>((resolve) => (request.onsuccess = () => resolve(request.result)));
      const database = await settled(indexedDB.open('hushroom'));
      const name = database.objectStoreNames[0]!;
      const kept = await settled<{ sealed: ArrayBuffer }>(database.transaction(name).objectStore(name).get('hushroom'));
      new Uint8Array(kept.sealed)[5]! ^= 1;
      await settled(database.transaction(name, 'readwrite').objectStore(name).put(kept, 'hushroom'));
      database.close();
      const failure = (promise: Promise<unknown>) => promise.then(() => 'nothing', (error: { code?: string }) => error.code);
      const broken = await failure(hush.openIdentity({ store: hush.indexedDbStore() }));
      let file = '';
      try {
        hush.fileStore('ada.identity');
      } catch (error) {
        file = (error as { code: string }).code;
      }
      return [broken, file];
    });
    expect(codes).toEqual(['DECRYPT_FAILED', 'UNSUPPORTED']);
  });
});
