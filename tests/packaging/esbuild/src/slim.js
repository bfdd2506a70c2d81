import * as api from 'hushroom/slim';
import coreWasm from 'hushroom/core.wasm';
import * as room from 'hushroom/room/slim';
import roomWasm from 'hushroom/room.wasm';

import { exercise } from '../exercise.mjs';

const relay = new URLSearchParams(location.search).get('relay');
const show = (text) => (document.querySelector('#result').textContent = text);

async function run() {
  await Promise.all([api.init(coreWasm), room.init(roomWasm)]);
  return exercise(api, room, relay);
}

run().then(show, (error) => show(`error: ${error.message}`));
