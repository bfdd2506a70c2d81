import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../exercise.mjs';

self.onmessage = async ({ data: relay }) => {
  self.postMessage(await exercise(api, room, relay).catch((error) => `error: ${error.message}`));
};
