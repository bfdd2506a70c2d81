import { exercise } from './exercise.mjs';
import * as api from './hushroom/index.js';
import * as room from './hushroom/room.js';

const relay = new URLSearchParams(location.search).get('relay');
const result = await exercise(api, room, relay).catch((error) => `error: ${error.code} ${error.message}`);
document.querySelector('#result').textContent = result;
