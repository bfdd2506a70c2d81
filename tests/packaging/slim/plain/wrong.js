// Every wrong source in turn, then the right one: a failure must not last.
import { generateShareCode, init, isHushError } from 'hushroom/slim';
import * as room from 'hushroom/room/slim';

const SOURCES = {
  none: undefined,
  missing: './hushroom/no-such.wasm',
  page: './wrong.html',
  cut: './hushroom/cut.wasm',
  old: './hushroom/old.wasm',
  other: './hushroom/room.wasm',
  unreachable: 'http://127.0.0.1:1/core.wasm',
  number: 7,
};

async function attempt(name, work) {
  try {
    await work();
    return `${name}: fine`;
  } catch (error) {
    return `${name}: ${isHushError(error) ? error.code : error.name}: ${error.message}`;
  }
}

async function run() {
  const lines = [await attempt('too early', () => generateShareCode())];
  for (const [name, source] of Object.entries(SOURCES)) lines.push(await attempt(name, () => init(source)));
  lines.push(await attempt('core as room', () => room.init('./hushroom/core.wasm')));
  lines.push(await attempt('right', () => init('./hushroom/core.wasm')));
  lines.push(await attempt('works', () => generateShareCode()));
  lines.push(await attempt('again', () => init('./hushroom/core.wasm')));
  return lines.join('\n');
}

const show = (text) => (document.querySelector('#result').textContent = text);
run().then(show, (error) => show(`error: ${error.message}`));
