import { exercise } from './exercise.mjs';
import * as api from './hushroom/index.js';
import * as room from './hushroom/room.js';

chrome.runtime.onMessage.addListener(({ relay }, sender, reply) => {
  exercise(api, room, relay).then(reply, (error) => reply(`error: ${error.code} ${error.message}`));
  return true;
});
