// The part of Playwright's Browser, BrowserContext and Page that the tests use, over WebDriver: WebKitGTK's driver speaks
// the classic protocol alone, which Playwright does not.

import { EventEmitter, once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { Finder, uploadTo, WebKitLocator } from './webkit-locator.mjs';
import { driverSource, referenceOf, WebKitSession } from './webkit-session.mjs';

/** Keys that are no characters, as W3C numbers them. @type {Readonly<Record<string, string>>} */
const KEYS = {
  Backspace: '\uE003', Tab: '\uE004', Enter: '\uE006', Shift: '\uE008', Control: '\uE009', Alt: '\uE00A', Escape: '\uE00C',
  Space: ' ', PageUp: '\uE00E', PageDown: '\uE00F', End: '\uE010', Home: '\uE011', ArrowLeft: '\uE012', ArrowUp: '\uE013',
  ArrowRight: '\uE014', ArrowDown: '\uE015', Delete: '\uE017', Meta: '\uE03D',
};

/** In JSON nothing is nothing, and in a list it is null. */
const NOTHING = '\0undefined';
const written = (/** @type {unknown} */ args) => JSON.stringify(args, (_, value) => (value === undefined ? NOTHING : value));
const ARGUMENTS = `JSON.parse(arguments[0], (_, value) => (value === ${JSON.stringify(NOTHING)} ? undefined : value))`;

/** Runs what is in `body`, gives `{ value }` as JSON, so that nothing is something else than null, and where the page is. */
const envelope = (/** @type {string} */ body) => `
  const done = arguments[arguments.length - 1];
  if (globalThis.__driver === undefined) return done('{"missing":true}');
  const a = ${ARGUMENTS};
  (async () => { ${body} })().then(
    (value) => done(JSON.stringify({ value, href: location.href, requests: __driver.requests() })),
    (error) => done(JSON.stringify({ error: error instanceof Error ? error.name + ': ' + error.message : String(error) })));`;

export class WebKitBrowser {
  /** @type {Set<WebKitContext>} */
  #contexts = new Set();
  /** Started before it is asked for: it tells which version this is. @type {WebKitSession | undefined} */
  #spare;
  #version;

  /** @param {WebKitSession} first */
  constructor(first) {
    this.#spare = first;
    this.#version = String(first.capabilities['browserVersion']);
  }

  static async launch() {
    return new WebKitBrowser(await WebKitSession.start());
  }

  /** @param {import('./webkit-session.mjs').Looks} [looks] */
  async newContext(looks = {}) {
    const isPlain = looks.colorScheme !== 'dark' && looks.reducedMotion !== 'reduce';
    const spare = isPlain ? this.#spare : undefined;
    if (spare !== undefined) this.#spare = undefined;
    const context = new WebKitContext(spare ?? (await WebKitSession.start(looks)), looks);
    this.#contexts.add(context);
    return context;
  }
  version() {
    return this.#version;
  }
  /** @param {import('./webkit-session.mjs').Looks} [looks] */
  async newPage(looks) {
    return (await this.newContext(looks)).newPage();
  }
  contexts() {
    return [...this.#contexts];
  }
  async close() {
    await Promise.all([this.#spare?.close(), ...[...this.#contexts].map((context) => context.close())]);
    this.#contexts.clear();
  }
}

export class WebKitContext extends EventEmitter {
  /** @type {WebKitPage[]} */
  #pages = [];
  timeout = 30_000;

  /** @param {WebKitSession} session @param {import('./webkit-session.mjs').Looks} looks */
  constructor(session, looks) {
    super();
    this.session = session;
    this.looks = looks;
    /** @type {string[]} */
    this.scripts = [];
  }
  /** Runs as soon as a page is there, which is later than in other browsers. @param {Function} script @param {unknown} [argument] */
  async addInitScript(script, argument) {
    this.scripts.push(`(${script})(${JSON.stringify(argument) ?? ''})`);
  }
  /** @param {number} timeout */
  setDefaultTimeout(timeout) {
    this.timeout = timeout;
  }
  async newPage() {
    const page = new WebKitPage(this, await this.#open(this.looks.viewport ?? { width: 1280, height: 720 }));
    this.#pages.push(page);
    return page;
  }
  /** A window without bars, which may be as narrow as a telephone. @param {{ width: number, height: number }} size */
  async #open({ width, height }) {
    const { session } = this;
    const known = await session.call('GET', '/window/handles');
    // The one that the browser began with, which has bars.
    const first = this.#pages.length === 0 ? known[0] : undefined;
    const script = `window.open('about:blank', '_blank', 'noopener,width=${width},height=${height}')`;
    await session.call('POST', '/execute/sync', { script, args: [] }, first ?? this.#pages.at(-1)?.handle);
    const handle = (await session.call('GET', '/window/handles')).find((/** @type {string} */ one) => !known.includes(one));
    if (first !== undefined) await session.call('DELETE', '/window', undefined, first);
    return handle;
  }
  pages() {
    return [...this.#pages];
  }
  async close() {
    // The driver ends a window as a crash would, and what is there cannot say goodbye. When it is loaded anew it can.
    for (const page of this.#pages.splice(0)) if (!page.isClosed()) await page.command('POST', '/refresh').catch(() => undefined);
    await this.session.close();
  }
}

export class WebKitPage extends Finder {
  #events = new EventEmitter();
  #href = 'about:blank';
  #isClosed = false;
  #calls = 0;

  /** @param {WebKitContext} context @param {string} handle */
  constructor(context, handle) {
    super();
    this.owner = context;
    this.session = context.session;
    this.handle = handle;
    this.keyboard = new Keyboard(this);
    this.mouse = new Mouse(this);
    this.request = {
      /** @param {string} url */
      async get(url) {
        const response = await fetch(url);
        return { status: () => response.status, headers: () => Object.fromEntries(response.headers), text: () => response.text() };
      },
    };
    this.session.on('console', ({ source, level, text }) => {
      // Of errors in scripts and of the policy the engine tells by itself.
      if (source === 'JS') this.#events.emit('pageerror', new Error(text));
      else this.#events.emit('console', { type: () => level, text: () => text });
    });
    this.session.on('download', (path) => {
      this.#events.emit('download', {
        suggestedFilename: () => basename(path),
        path: () => Promise.resolve(path),
        url: () => '',
      });
    });
  }

  get timeout() {
    return this.owner.timeout;
  }

  /** @param {string} type @param {(...args: any[]) => void} listener */
  on(type, listener) {
    this.#events.on(type, listener);
    return this;
  }
  /** @param {string} type @param {(...args: any[]) => void} listener */
  once(type, listener) {
    this.#events.once(type, listener);
    return this;
  }
  /** @param {string} type @param {{ timeout?: number }} [options] */
  async waitForEvent(type, { timeout = this.timeout } = {}) {
    if (type === 'filechooser') return this.#waitForChooser(timeout);
    return (await once(this.#events, type, { signal: AbortSignal.timeout(timeout) }))[0];
  }

  /** @param {number} timeout */
  async #waitForChooser(timeout) {
    await this.run('__driver.catchChooser(); return 0', []);
    await this.until('return __driver.chooser() !== undefined', [], timeout, 'a field to ask for files');
    const reference = referenceOf(await this.element('return __driver.chooser()', []));
    return { setFiles: (/** @type {any} */ files) => uploadTo(this, reference, files) };
  }
  /**
   * The driver tells of no answers, and the page's own list, which waits for one, has no status: that is what the same
   * address answers to us.
   *
   * @param {RegExp} pattern @param {{ timeout?: number }} [options]
   */
  async waitForResponse(pattern, { timeout } = {}) {
    const script = `const answered = performance.getEntriesByType('resource').filter(({ responseEnd }) => responseEnd > 0);
      return answered.find(({ name }) => a[0].test(name))?.name`;
    const url = await this.until(script.replace('a[0]', String(pattern)), [], timeout, `an answer from ${pattern}`);
    const { status } = await fetch(url);
    return { url: () => url, status: () => status };
  }

  /** @override @param {string} selector */
  find(selector) {
    return new WebKitLocator(this, selector);
  }
  context() {
    return this.owner;
  }
  /** Where the page was when it was last asked anything. */
  url() {
    return this.#href;
  }
  title() {
    return this.command('GET', '/title');
  }

  /** @param {string} url */
  async goto(url) {
    await this.command('POST', '/url', { url });
    // An address that differs in its fragment alone loads nothing.
    await this.#arrived();
  }
  async reload() {
    await this.command('POST', '/refresh');
    await this.#arrived();
  }
  async #arrived() {
    for (const script of this.owner.scripts) await this.command('POST', '/execute/sync', { script, args: [] });
    await this.run('return 0', []);
  }
  /** @param {Function} script @param {unknown} [argument] */
  async addInitScript(script, argument) {
    await this.owner.addInitScript(script, argument);
  }
  async bringToFront() {
    await this.command('GET', '/title');
  }
  async close() {
    this.#isClosed = true;
    await this.command('DELETE', '/window');
  }
  isClosed() {
    return this.#isClosed;
  }

  /** @param {{ width: number, height: number }} size */
  async setViewportSize({ width, height }) {
    await this.command('POST', '/window/rect', { x: 0, y: 0, width, height });
  }

  /** @param {{ path?: string }} [options] */
  async screenshot({ path } = {}) {
    // It is taken when something has been drawn, and never comes where nothing is.
    await this.run('__driver.beginToDraw(); return 0', []);
    const bytes = Buffer.from(await this.command('GET', '/screenshot'), 'base64');
    await this.run('__driver.endToDraw(); return 0', []);
    if (path !== undefined) await writeFile(path, bytes);
    return bytes;
  }

  /** @param {Function | string} call @param {unknown} [argument] @returns {Promise<any>} */
  async evaluate(call, argument) {
    if (typeof call === 'string') return this.command('POST', '/execute/sync', { script: call, args: [] });
    // Started, then asked for: what takes long must not hold up what the same page is asked meanwhile.
    const id = (this.#calls += 1);
    await this.run(`__driver.start(a[0], () => (${call})(a[1])); return 0`, [id, argument]);
    for (;;) {
      const outcome = await this.run('return __driver.outcome(a[0])', [id]);
      if (outcome?.error !== undefined) throw new Error(outcome.error);
      if (outcome !== undefined) return outcome.value;
    }
  }
  /** @param {Function} call @param {unknown} [argument] @param {{ timeout?: number }} [options] */
  async waitForFunction(call, argument, { timeout } = {}) {
    const value = await this.until(`return (${call})(a[0])`, [argument], timeout, String(call));
    return { jsonValue: () => Promise.resolve(value) };
  }

  /**
   * Runs a script in the page; `a` are its arguments.
   *
   * @param {string} body @param {readonly unknown[]} args @returns {Promise<any>}
   */
  async run(body, args) {
    for (let tries = 0; ; tries++) {
      const text = await this.command('POST', '/execute/async', { script: envelope(body), args: [written(args)] });
      const { missing, value, error, href, requests } = JSON.parse(text);
      if (missing) {
        if (tries > 3) throw new Error('the page takes no scripts');
        await this.command('POST', '/execute/sync', { script: await driverSource(), args: [] });
        continue;
      }
      if (error !== undefined) throw new Error(error);
      this.#href = href;
      for (const url of requests) this.#events.emit('request', { url: () => url });
      return value;
    }
  }

  /**
   * Waits until a script gives something true, and gives that.
   *
   * @param {string} body @param {readonly unknown[]} args @param {number | undefined} timeout @param {string} what
   * @returns {Promise<any>}
   */
  async until(body, args, timeout = this.timeout, what = body) {
    const end = Date.now() + timeout;
    // In slices, so that the page can be asked other things meanwhile.
    const sliced = `const end = performance.now() + 150;
      for (;;) {
        const value = await (async () => { ${body} })();
        if (value || performance.now() > end) return value;
        await new Promise((resolve) => setTimeout(resolve, 15));
      }`;
    for (;;) {
      try {
        const value = await this.run(sliced, args);
        if (value) return value;
      } catch (error) {
        // The page went elsewhere meanwhile.
        if (!['javascript error', 'script timeout'].includes(/** @type {{ code?: string }} */ (error).code ?? '')) throw error;
      }
      if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain for ${what}`);
    }
  }

  /** An element that a script finds. @param {string} script @param {readonly unknown[]} args */
  element(script, args) {
    return this.command('POST', '/execute/sync', { script: `const a = ${ARGUMENTS}; ${script}`, args: [written(args)] });
  }

  /** @param {string} method @param {string} path @param {unknown} [body] */
  command(method, path, body) {
    return this.session.call(method, path, body, this.handle);
  }
}

class Keyboard {
  /** @param {WebKitPage} page */
  constructor(page) {
    this.page = page;
  }
  /** @param {string} combination as in `Shift+Tab` */
  async press(combination) {
    const keys = combination.split(/\+(?=.)/).map((key) => KEYS[key] ?? key);
    const actions = [
      ...keys.map((value) => ({ type: 'keyDown', value })),
      ...[...keys].reverse().map((value) => ({ type: 'keyUp', value })),
    ];
    await this.#perform(actions);
  }
  /** @param {string} text */
  async type(text) {
    for (const value of text) await this.#perform([{ type: 'keyDown', value }, { type: 'keyUp', value }]);
  }
  /** @param {readonly object[]} actions */
  #perform(actions) {
    return this.page.command('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }
}

class Mouse {
  /** @param {WebKitPage} page */
  constructor(page) {
    this.page = page;
  }
  /** @param {object} origin an element */
  moveTo(origin) {
    return this.#perform([{ type: 'pointerMove', origin, x: 0, y: 0, duration: 0 }]);
  }
  /** @param {number} x @param {number} y */
  move(x, y) {
    return this.#perform([{ type: 'pointerMove', origin: 'viewport', x, y, duration: 0 }]);
  }
  down() {
    return this.#perform([{ type: 'pointerDown', button: 0 }]);
  }
  up() {
    return this.#perform([{ type: 'pointerUp', button: 0 }]);
  }
  /** @param {readonly object[]} actions */
  #perform(actions) {
    return this.page.command('POST', '/actions', { actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }] });
  }
}
