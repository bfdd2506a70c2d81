// Imports one module and reports whatever it does at import (`imports.test.ts`): node import-watch.mjs MODULE [package ...].
// The packages are those it stands on, loaded before, since they may do what they like. A global counts as touched when the code of a
// file of the module's folder reads it; what Node and other packages do is theirs.
//
// Reads are recorded, and answered truly: a getter that throws would be silenced by a `try` around it.

import { createRequire, register } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , target = '', ...packages] = process.argv;
for (const name of packages) createRequire(target)(name);
const watched = `${dirname(target)}/`;
const report = process.stdout;

/** Of the language itself: reading them is no use of the platform. */
const LANGUAGE = new Set(
  ('globalThis Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Promise RegExp Error ' +
    'AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError JSON Math Intl ArrayBuffer Atomics ' +
    'Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array Uint8ClampedArray BigUint64Array ' +
    'BigInt64Array DataView Map BigInt Set Iterator WeakMap WeakSet Proxy Reflect decodeURI decodeURIComponent encodeURI ' +
    'encodeURIComponent escape unescape eval isFinite isNaN Date').split(' '),
);

/** What Node has not, and pages, workers, extensions and other runtimes have. */
const ELSEWHERE = [
  'window self document location navigator localStorage sessionStorage indexedDB WebSocket BroadcastChannel Worker SharedWorker',
  'ServiceWorker XMLHttpRequest MutationObserver requestAnimationFrame requestIdleCallback showSaveFilePicker caches chrome browser',
  'importScripts postMessage addEventListener Deno Bun EdgeRuntime HTMLElement customElements Buffer process require module',
].flatMap((names) => names.split(' '));

/** @type {Set<string>} */
const touched = new Set();

/** Whether the function that called is called from a watched file: the third line of a stack that starts here. */
const fromWatched = () => {
  Error.stackTraceLimit = 4;
  return new Error().stack?.split('\n')[3]?.includes(watched) === true;
};

/** @param {object} owner @param {string} name @param {string} label */
function watch(owner, name, label) {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  if (before?.configurable === false) return;
  let value = before?.get === undefined ? before?.value : undefined;
  const read = () => (before?.get === undefined ? value : before.get.call(owner));
  Object.defineProperty(owner, name, {
    configurable: true,
    enumerable: before?.enumerable ?? false,
    get() {
      if (fromWatched()) touched.add(label);
      return read();
    },
    set(next) {
      if (fromWatched()) touched.add(`${label} =`);
      value = next;
    },
  });
}

for (const name of [...Object.getOwnPropertyNames(globalThis), ...ELSEWHERE]) {
  if (!LANGUAGE.has(name)) watch(globalThis, name, name);
}
watch(Math, 'random', 'Math.random');
watch(Date, 'now', 'Date.now');

// An imported `.wasm` is a module where these entries are used. Here it is one that must not be looked at.
register(`data:text/javascript,${encodeURIComponent(`
  export const load = (url, context, next) =>
    /\\.wasm(\\?module)?$/.test(url) ? { format: 'module', source: 'export default undefined;', shortCircuit: true } : next(url, context);
`)}`);

/** Everything that a module could have changed for others. */
function surroundings() {
  const owners = { globalThis, Object, Array, Function, Promise, Error, String, Uint8Array, Symbol, Map, Date, Math };
  const names = Object.entries(owners).flatMap(([owner, value]) => [
    ...Reflect.ownKeys(value).map((key) => `${owner}.${String(key)}`),
    ...('prototype' in value ? Reflect.ownKeys(value.prototype).map((key) => `${owner}#${String(key)}`) : []),
  ]);
  const listeners = process.eventNames().map((event) => `process on ${String(event)}: ${process.listenerCount(event)}`);
  return [...names, ...listeners];
}

const before = surroundings();
const openBefore = process.getActiveResourcesInfo();

/** @type {string | undefined} */
let failure;
try {
  await import(pathToFileURL(target).href);
} catch (error) {
  failure = String(error);
}
const added = surroundings().filter((name) => !before.includes(name));
const open = process.getActiveResourcesInfo();
for (const kind of openBefore) if (open.includes(kind)) open.splice(open.indexOf(kind), 1);
// Only where nothing holds the process is this event sent.
process.once('beforeExit', () => report.write(JSON.stringify({ failure, touched: [...touched], added, open, ended: true })));
