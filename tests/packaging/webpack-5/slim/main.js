import * as api from 'hushroom/slim';
import * as room from 'hushroom/room/slim';

import { exercise } from '../exercise.mjs';

const relay = new URLSearchParams(location.search).get('relay');
const show = (text) => (document.querySelector('#result').textContent = text);

async function run() {
  await Promise.all([
    api.init(new URL('hushroom/core.wasm', import.meta.url)),
    room.init(new URL('hushroom/room.wasm', import.meta.url)),
  ]);
  return exercise(api, room, relay);
}

run().then(show, (error) => show(`error: ${error.message}`));
