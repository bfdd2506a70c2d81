import { randomBytes } from 'node:crypto';
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRoom, joinRoom } from '../../js/room/index.js';
import type { CreateRoomOptions, Room, RoomEvent } from '../../js/room/index.js';
import { codeOf, codeOfAsync } from '../js/helpers.js';
import { openPeer, servePackage } from './browser-peer.js';
import { launchBrowser, startRelay, type Relay } from './helpers.js';
import { memorySink, watch, type Watch } from './watch.js';

const MAX_FILE = 5_242_880;

let relay: Relay;
let browser: Browser;
let site: { url: string; close(): void };

beforeAll(async () => {
  [relay, browser, site] = await Promise.all([startRelay(0, ['--joins-per-minute', '0']), launchBrowser(), servePackage()]);
});
afterAll(async () => {
  site.close();
  await browser.close();
  await relay.kill();
});

type Of<T extends RoomEvent['type']> = Extract<RoomEvent, { type: T }>;

function first<T extends RoomEvent['type']>(sees: Watch, type: T, test: (event: Of<T>) => boolean = () => true): Promise<Of<T>> {
  return sees.until((events) => events.find((event): event is Of<T> => event.type === type && test(event as Of<T>)), `a ${type}`);
}

const create = (options: Partial<CreateRoomOptions> = {}) => createRoom({ relay: relay.url, protocol: 'arthas', name: 'Ada', ...options });

/** What a page that is in a room has. */
declare global {
  var room: Room;
}

/** Lets a page into a room. */
async function joinInPage(code: string, name: string, password?: string): Promise<Page> {
  const page = await openPeer(browser, site.url);
  await page.evaluate(
    async ([url, text, own, secret]) => {
      const room = await hush.joinRoom({ relay: url!, code: text!, name: own!, ...(secret !== undefined && { password: secret }) });
      Object.assign(globalThis, { room });
    },
    [relay.url, code, name, password] as const,
  );
  return page;
}

describe('Node and Node', () => {
  it('a file of the limit each way, and not a byte more', async () => {
    const ada = await create();
    const adaSees = watch(ada);
    const grace = await joinRoom({ relay: relay.url, code: ada.code, name: 'Grace' });
    const graceSees = watch(grace);
    await first(adaSees, 'member-joined');
    for (const [from, to] of [[ada, graceSees], [grace, adaSees]] as const) {
      const file = randomBytes(MAX_FILE);
      const transfer = from.sendFile(file);
      const { offer } = await first(to, 'file-offer');
      const sink = memorySink();
      await Promise.all([offer.accept(sink).done, transfer.done]);
      expect(sink.bytes().equals(file)).toBe(true);
      expect(codeOf(() => from.sendFile(new Uint8Array(MAX_FILE + 1)))).toBe('TOO_LARGE');
    }
    await Promise.all([ada.close(), grace.close()]);
  });

  it('ten at once: who talks faster than the relay takes waits, and nothing is lost', async () => {
    const ada = await create();
    const adaSees = watch(ada);
    const grace = await joinRoom({ relay: relay.url, code: ada.code, name: 'Grace' });
    const graceSees = watch(grace);
    await first(adaSees, 'member-joined');
    const texts = Array.from({ length: 14 }, (_, index) => `text ${index}`);
    await Promise.all(texts.map((text) => ada.send(text)));
    await graceSees.until(() => graceSees.texts().length === texts.length, 'all of them');
    expect(graceSees.texts()).toEqual(texts);
    expect(adaSees.errors()).toEqual([]);
    const many = await Promise.allSettled(Array.from({ length: 500 }, () => ada.send('too many')).map((sent) => Promise.race([sent, Promise.resolve('waits')])));
    const codes = many.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set(['RATE_LIMITED']));
    await Promise.all([ada.close(), grace.close()]);
  });

  it('a password, and a relay that does not let it be guessed', async () => {
    const ada = await create({ password: 'hunter22' });
    const join = (password?: string) => joinRoom({ relay: relay.url, code: ada.code, name: 'Grace', ...(password !== undefined && { password }) });
    expect(await codeOfAsync(join())).toBe('WRONG_PASSWORD');
    expect(await codeOfAsync(join('hunter23'))).toBe('WRONG_PASSWORD');
    const grace = await join('hunter22');
    expect(grace.getSnapshot().hasPassword).toBe(true);
    await Promise.all([ada.close(), grace.close()]);
  });

  it('a room whose time is over, and one that never was', async () => {
    const ada = await create({ expirySeconds: 1 });
    const sees = watch(ada);
    await sees.until(() => ada.status === 'closed', 'the end');
    expect(ada.closeReason?.code).toBe('ROOM_EXPIRED');
    expect(['ROOM_EXPIRED', 'ROOM_NOT_FOUND']).toContain(await codeOfAsync(joinRoom({ relay: relay.url, code: ada.code, name: 'Late' })));
    const nowhere = 'V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
    expect(await codeOfAsync(joinRoom({ relay: relay.url, code: nowhere, name: 'Lost' }))).toBe('ROOM_NOT_FOUND');
  });

  it('a connection that breaks: who was there is there again, what waited is said', async () => {
    const way = await startWay(relay.port);
    const ada = await create();
    const adaSees = watch(ada);
    const grace = await joinRoom({ relay: way.url, code: ada.code, name: 'Grace' });
    const graceSees = watch(grace);
    await first(adaSees, 'member-joined');
    const { selfId } = grace;
    way.cut();
    await first(graceSees, 'status', ({ status }) => status === 'reconnecting');
    const said = grace.send('while away');
    const sent = await said;
    expect(sent).toMatchObject({ accepted: true, from: { id: selfId } });
    expect(grace.selfId).toBe(selfId);
    await first(adaSees, 'message', ({ message }) => message.text === 'while away');
    expect(ada.members.map(({ name }) => name).sort()).toEqual(['Ada', 'Grace']);
    expect(grace.members.map(({ name }) => name).sort()).toEqual(['Ada', 'Grace']);
    await ada.send('welcome back');
    await first(graceSees, 'message', ({ message }) => message.text === 'welcome back');
    await Promise.all([ada.close(), grace.close()]);
    way.close();
  });
});

describe('Chromium and Node', () => {
  it('talk, answer, react, and send each other files', async () => {
    const ada = await create({ password: 'hunter22' });
    const sees = watch(ada);
    const page = await joinInPage(ada.code, 'Page', 'hunter22');
    await first(sees, 'member-joined');
    await page.evaluate(() => room.send('from the page').then(() => undefined));
    const { message } = await first(sees, 'message');
    expect(message.text).toBe('from the page');
    await sees.until(() => ada.getSnapshot().messages[0]?.verification === 'verified', 'the verification');
    await ada.send('from node', { replyTo: message.id });
    await ada.react(message.id, '\u{1f44d}');
    const seen = await page.waitForFunction(() => {
      const [own, answer] = room.getSnapshot().messages;
      if (own === undefined || answer === undefined || own.reactions['\u{1f44d}'] === undefined) return undefined;
      return answer.verification === 'verified' ? { text: answer.text, right: answer.replyTo === own.id } : undefined;
    });
    expect(await seen.jsonValue()).toEqual({ text: 'from node', right: true });

    const file = randomBytes(1_000_000);
    const transfer = ada.sendFile(new Blob([file], { type: 'image/png' }), { name: 'a.png' });
    const echoed = first(sees, 'file-offer');
    await page.waitForFunction(() => room.getSnapshot().offers.length === 1);
    // It comes back as it went.
    await page.evaluate(async () => {
      const [offer] = room.getSnapshot().offers;
      const { file: got } = await offer!.accept(hush.blobSink(offer!)).done;
      await room.sendFile(got!, { voiceSeconds: 7 }).done;
    });
    await transfer.done;
    const { offer } = await echoed;
    expect(offer).toMatchObject({ name: 'a.png', mime: 'image/png', size: file.length, voiceSeconds: 7 });
    const sink = memorySink();
    await offer.accept(sink).done;
    expect(sink.bytes().equals(file)).toBe(true);
    await ada.close();
    await page.context().close();
  });

  it('messages vanish in the page too', async () => {
    const ada = await create({ ephemeralSeconds: 1 });
    const sees = watch(ada);
    const page = await joinInPage(ada.code, 'Page');
    await first(sees, 'member-joined');
    await ada.send('soon gone');
    await page.waitForFunction(() => room.getSnapshot().messages[0]?.removedAt !== undefined);
    await page.waitForFunction(() => room.getSnapshot().messages.length === 0);
    expect(await page.evaluate(() => room.getSnapshot().ephemeralSeconds)).toBe(1);
    await ada.close();
    await page.context().close();
  });
});

/** A way to the relay that can be cut. */
async function startWay(port: number): Promise<{ url: string; cut(): void; close(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    inner.pipe(outer).pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    cut,
    close() {
      cut();
      server.close();
    },
  };
}
