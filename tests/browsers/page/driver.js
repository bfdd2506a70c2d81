// What the WebKit driver has in a page: Playwright's way of finding elements, and what must hold before one is acted on.

import { Ivya } from 'ivya';
import { getElementAccessibleDescription, isElementVisible } from 'ivya/utils';

const ivya = Ivya.create({ browser: 'webkit', testIdAttribute: 'data-testid' });

/** Outcomes of calls that take time, by number. @type {Map<number, Promise<{ value?: unknown, error?: string }>>} */
const outcomes = new Map();
let seen = 0;

// Of Playwright's selectors this one is missing: keeps of what was found what is described so.
/** @type {any} */ (ivya)._engines.set('hushroom:description', {
  /** @param {Element} element @param {string} body source and flags of a pattern */
  queryAll(element, body) {
    const [source, flags] = JSON.parse(body);
    return new RegExp(source, flags).test(getElementAccessibleDescription(element, false)) ? [element] : [];
  },
});

/** @param {string} selector @returns {Element[]} */
const all = (selector) => ivya.queryLocatorSelectorAll(selector);

/** The one element there is. @param {string} selector @returns {Element | undefined} */
function one(selector) {
  const found = all(selector);
  if (found.length > 1) throw new Error(`strict mode violation: ${selector} resolved to ${found.length} elements`);
  return found[0];
}

/** @param {Element | undefined} element */
const isVisible = (element) => element !== undefined && element.isConnected && isElementVisible(element);

/** @param {Element} element */
function isEnabled(element) {
  const control = element.closest('button, input, select, textarea, [aria-disabled]');
  return !(control?.matches(':disabled') || control?.getAttribute('aria-disabled') === 'true');
}

/** The element, once it can be acted on. @param {string} selector @param {boolean} still must not move @returns {Promise<Element | undefined>} */
async function ready(selector, still) {
  const element = one(selector);
  if (element === undefined || !isVisible(element) || !isEnabled(element)) return undefined;
  if (!still) return element;
  element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
  const place = () => JSON.stringify(element.getBoundingClientRect());
  const before = place();
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return place() === before ? element : undefined;
}

/** Whether a click in its middle would reach it, or something within or its label. @param {Element} element */
function isHit(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  if (hit === null) return false;
  const label = hit.closest('label');
  return element.contains(hit) || hit.contains(element) || (label !== null && label.control === element);
}

/** @param {HTMLInputElement} field @param {string} text */
function fill(field, text) {
  field.focus();
  if (field.isContentEditable) field.textContent = text;
  else Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value')?.set?.call(field, text);
  field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true, data: text, inputType: 'insertText' }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}

/** @param {HTMLSelectElement} list @param {string} wanted value or label */
function select(list, wanted) {
  const option = [...list.options].find(({ value, label }) => value === wanted || label.trim() === wanted);
  if (option === undefined) return false;
  option.selected = true;
  list.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  list.dispatchEvent(new Event('change', { bubbles: true }));
  return true;
}

/** Starts a call, and keeps what will come of it. @param {number} id @param {() => unknown} call */
function start(id, call) {
  const outcome = (async () => call())().then(
    (value) => ({ value }),
    (error) => ({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }),
  );
  outcomes.set(id, outcome);
}

/** The outcome of a call, or nothing if it takes longer than a command should. @param {number} id */
async function outcome(id) {
  const found = await Promise.race([outcomes.get(id), new Promise((resolve) => setTimeout(resolve, 200))]);
  if (found !== undefined) outcomes.delete(id);
  return found;
}

/** Addresses asked for since the last time. */
function requests() {
  const entries = performance.getEntries().filter(({ entryType }) => entryType === 'navigation' || entryType === 'resource');
  // What a page is at has a fragment, what is asked for has none.
  const fresh = entries.slice(seen).map(({ name, entryType }) => (entryType === 'navigation' ? name.replace(/#.*/, '') : name));
  seen = entries.length;
  return fresh;
}

/** @type {{ spot: HTMLElement, frame: number } | undefined} */
let drawing;

/** Something is drawn in every frame, which nobody sees. */
function beginToDraw() {
  const spot = document.createElement('i');
  spot.ariaHidden = 'true';
  Object.assign(spot.style, { position: 'fixed', top: '0', left: '0', width: '1px', height: '1px', pointerEvents: 'none' });
  document.documentElement.append(spot);
  let frames = 0;
  const draw = () => {
    spot.style.background = `rgb(0 0 0 / ${(frames += 1) % 2 === 0 ? 0.001 : 0.002})`;
    drawing = { spot, frame: requestAnimationFrame(draw) };
  };
  draw();
}
function endToDraw() {
  if (drawing === undefined) return;
  cancelAnimationFrame(drawing.frame);
  drawing.spot.remove();
}

/** The field that asked for files, whose dialog nobody can answer. @type {HTMLInputElement | undefined} */
let asking;

/** From now on the next field that asks for files opens no dialog. */
function catchChooser() {
  asking = undefined;
  /** @param {Event} event */
  const onClick = (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.type !== 'file') return;
    event.preventDefault();
    asking = field;
    removeEventListener('click', onClick, true);
  };
  addEventListener('click', onClick, true);
}
const chooser = () => asking;

Object.defineProperty(globalThis, '__driver', {
  value: { all, one, ready, isVisible, isEnabled, isHit, fill, select, start, outcome, requests, beginToDraw, endToDraw, catchChooser, chooser },
});
