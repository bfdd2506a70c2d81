import * as api from 'hushroom/slim';
import * as room from 'hushroom/room/slim';
import coreWasm from 'url:hushroom/core.wasm';
import roomWasm from 'url:hushroom/room.wasm';

import { exercise } from '../exercise.mjs';

const relay = new URLSearchParams(location.search).get('relay');
const show = (text) => (document.querySelector('#result').textContent = text);

async function run() {
  await Promise.all([api.init(coreWasm), room.init(roomWasm)]);
  return exercise(api, room, relay);
}

run().then(show, (error) => show(`error: ${error.message}`));
