import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../exercise.mjs';

self.onmessage = async ({ data: relay }: MessageEvent<string>) => {
  self.postMessage(await exercise(api, room, relay).catch((error: Error) => `error: ${error.message}`));
};
