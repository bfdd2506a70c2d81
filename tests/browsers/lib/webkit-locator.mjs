// The part of Playwright's Locator that the tests use.

import { writeFile, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { getByLabelSelector, getByRoleSelector, getByTestIdSelector, getByTextSelector } from 'ivya';

import { elementOf, referenceOf } from './webkit-session.mjs';

/**
 * @typedef {import('./webkit-page.mjs').WebKitPage} Page
 * @typedef {string | { name: string, buffer: Uint8Array }} OneFile a path, or what is in it
 * @typedef {OneFile | readonly OneFile[]} Files
 * @typedef {{ hasText?: string | RegExp, hasNotText?: string | RegExp, has?: WebKitLocator, hasNot?: WebKitLocator }} Which
 */

/** What finds elements: pages and locators alike. */
export class Finder {
  /** @param {string} selector @returns {WebKitLocator} */
  find(selector) {
    throw new Error(`not made: ${selector}`);
  }
  /** @param {string} selector @param {Which} [which] */
  locator(selector, which = {}) {
    return this.find(selector).filter(which);
  }
  /** @param {string} id */
  getByTestId(id) {
    return this.find(getByTestIdSelector('data-testid', id));
  }
  /** @param {string} role @param {object & { description?: string | RegExp }} [options] */
  getByRole(role, { description, ...options } = {}) {
    const found = this.find(getByRoleSelector(role, options));
    if (description === undefined) return found;
    const { source, flags } = typeof description === 'string' ? new RegExp(literal(description), 'i') : description;
    return found.find(`hushroom:description=${JSON.stringify([source, flags])}`);
  }
  /** @param {string | RegExp} text @param {{ exact?: boolean }} [options] */
  getByText(text, options) {
    return this.find(getByTextSelector(text, options));
  }
  /** @param {string | RegExp} text @param {{ exact?: boolean }} [options] */
  getByLabel(text, options) {
    return this.find(getByLabelSelector(text, options));
  }
}

export class WebKitLocator extends Finder {
  /** @param {Page} page @param {string} selector */
  constructor(page, selector) {
    super();
    this.owner = page;
    this.selector = selector;
  }

  /** @override @param {string} selector */
  find(selector) {
    return new WebKitLocator(this.owner, `${this.selector} >> ${selector}`);
  }

  page() {
    return this.owner;
  }

  /** @param {Which} which */
  filter({ hasText, hasNotText, has, hasNot }) {
    /** @type {WebKitLocator} */
    let found = this;
    if (hasText !== undefined) found = found.find(`internal:has-text=${textOf(hasText)}`);
    if (hasNotText !== undefined) found = found.find(`internal:has-not-text=${textOf(hasNotText)}`);
    if (has !== undefined) found = found.find(`internal:has=${JSON.stringify(has.selector)}`);
    if (hasNot !== undefined) found = found.find(`internal:has-not=${JSON.stringify(hasNot.selector)}`);
    return found;
  }

  /** @param {WebKitLocator} other */
  or(other) {
    return this.find(`internal:or=${JSON.stringify(other.selector)}`);
  }
  /** @param {number} index */
  nth(index) {
    return this.find(`nth=${index}`);
  }
  first() {
    return this.nth(0);
  }
  last() {
    return this.nth(-1);
  }

  async all() {
    return Array.from({ length: await this.count() }, (_, index) => this.nth(index));
  }
  count() {
    return this.#now('return __driver.all(a[0]).length');
  }
  isVisible() {
    return this.#now('return __driver.isVisible(__driver.one(a[0]))');
  }
  async isHidden() {
    return !(await this.isVisible());
  }
  allTextContents() {
    return this.#now('return __driver.all(a[0]).map((one) => one.textContent)');
  }
  allInnerTexts() {
    return this.#now('return __driver.all(a[0]).map((one) => one.innerText)');
  }

  /** @param {{ state?: 'visible' | 'hidden' | 'attached' | 'detached', timeout?: number }} [options] */
  async waitFor({ state = 'visible', timeout } = {}) {
    const test = {
      visible: '__driver.isVisible(e)',
      hidden: '!__driver.isVisible(e)',
      attached: 'e !== undefined',
      detached: 'e === undefined',
    }[state];
    await this.owner.until(`const e = __driver.one(a[0]); return ${test}`, [this.selector], timeout, `${this.selector} to be ${state}`);
  }

  textContent() {
    return this.#once('e.textContent');
  }
  innerText() {
    return this.#once('e.innerText');
  }
  inputValue() {
    return this.#once('e.value');
  }
  /** @param {string} name */
  getAttribute(name) {
    return this.#once('e.getAttribute(a[1])', name);
  }
  isChecked() {
    return this.#once('e.checked ?? e.getAttribute("aria-checked") === "true"');
  }
  isEnabled() {
    return this.#once('__driver.isEnabled(e)');
  }
  isDisabled() {
    return this.#once('!__driver.isEnabled(e)');
  }
  boundingBox() {
    return this.#once('(({ x, y, width, height }) => ({ x, y, width, height }))(e.getBoundingClientRect())');
  }
  /** @param {string} type @param {object} [init] */
  async dispatchEvent(type, init = {}) {
    await this.#once('void e.dispatchEvent(new Event(a[1], { bubbles: true, cancelable: true, composed: true, ...a[2] }))', type, init);
  }
  async scrollIntoViewIfNeeded() {
    await this.#once('void e.scrollIntoView({ block: "center", behavior: "instant" })');
  }
  async focus() {
    await this.#once('void e.focus()');
  }
  async blur() {
    await this.#once('void e.blur()');
  }

  /** @param {Function} call @param {unknown} [argument] */
  async evaluate(call, argument) {
    await this.waitFor({ state: 'attached' });
    return this.owner.run(`return (${call})(__driver.one(a[0]), a[1])`, [this.selector, argument]);
  }
  /** @param {Function} call @param {unknown} [argument] */
  evaluateAll(call, argument) {
    return this.owner.run(`return (${call})(__driver.all(a[0]), a[1])`, [this.selector, argument]);
  }

  /** @param {{ timeout?: number, force?: boolean }} [options] */
  async click({ timeout, force = false } = {}) {
    await this.#act(force, timeout, (reference) => this.owner.command('POST', `/element/${reference}/click`));
  }
  /** @param {{ timeout?: number }} [options] */
  async hover({ timeout } = {}) {
    await this.#act(false, timeout, (reference) => this.owner.mouse.moveTo(elementOf(reference)));
  }
  async check() {
    if (!(await this.isChecked())) await this.click();
  }
  async uncheck() {
    if (await this.isChecked()) await this.click();
  }
  /** @param {string} text */
  async fill(text) {
    await this.#untilReady(false);
    await this.owner.run('__driver.fill(__driver.one(a[0]), a[1])', [this.selector, text]);
  }
  /** @param {string} key */
  async press(key) {
    await this.focus();
    await this.owner.keyboard.press(key);
  }
  /** @param {string} text */
  async pressSequentially(text) {
    await this.focus();
    await this.owner.keyboard.type(text);
  }
  /** @param {string} text */
  type(text) {
    return this.pressSequentially(text);
  }
  /** @param {string | { label: string }} option */
  async selectOption(option) {
    const wanted = typeof option === 'string' ? option : option.label;
    await this.#untilReady(false);
    await this.owner.until('return __driver.select(__driver.one(a[0]), a[1])', [this.selector, wanted], undefined, `an option ${wanted}`);
  }

  /** @param {Files} files */
  async setInputFiles(files) {
    await this.waitFor({ state: 'attached' });
    await uploadTo(this.owner, await this.#reference('return __driver.one(a[0])'), files);
  }

  /** @param {string} script */
  #now(script) {
    return this.owner.run(script, [this.selector]);
  }

  /** Waits for the element, then tells of it. @param {string} expression @param {...unknown} args */
  async #once(expression, ...args) {
    const { value } = await this.owner.until(
      `const e = __driver.one(a[0]); return e === undefined ? undefined : { value: ${expression} }`,
      [this.selector, ...args],
      undefined,
      this.selector,
    );
    return value;
  }

  /** @param {boolean} still @param {number} [timeout] */
  #untilReady(still, timeout) {
    const script = `return __driver.ready(a[0], ${still}).then((e) => e !== undefined && (${!still} || __driver.isHit(e)))`;
    return this.owner.until(script, [this.selector], timeout, `${this.selector} to be visible, enabled, still and on top`);
  }

  /** @param {string} script */
  async #reference(script) {
    return referenceOf(await this.owner.element(script, [this.selector]));
  }

  /** @param {boolean} force @param {number | undefined} timeout @param {(reference: string) => Promise<unknown>} act */
  async #act(force, timeout, act) {
    const end = Date.now() + (timeout ?? this.owner.timeout);
    for (;;) {
      if (!force) await this.#untilReady(true, Math.max(1, end - Date.now()));
      try {
        await act(await this.#reference('return __driver.one(a[0])'));
        return;
      } catch (error) {
        // What was there a moment ago is gone, or covered.
        const code = /** @type {{ code?: string }} */ (error).code ?? '';
        const again = ['stale element reference', 'element click intercepted', 'element not interactable', 'no such element', 'invalid argument'];
        if (!again.includes(code) || Date.now() > end) throw error;
      }
    }
  }
}

/** A pattern for this very text. @param {string} text */
const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** @param {string | RegExp} text */
const textOf = (text) => (typeof text === 'string' ? `${JSON.stringify(text)}i` : String(text).replaceAll('>>', '\\>\\>'));

/** Gives files to a field. @param {Page} page @param {string} reference @param {Files} files */
export async function uploadTo(page, reference, files) {
  const paths = [];
  for (const file of Array.isArray(files) ? files : [files]) {
    if (typeof file === 'string') paths.push(file);
    else {
      const path = join(await mkdtemp(join(page.session.folder, 'upload-')), file.name);
      await writeFile(path, file.buffer);
      paths.push(path);
    }
  }
  await page.command('POST', `/element/${reference}/value`, { text: paths.join('\n') });
}
