import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../exercise.mjs';

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = async ({ data: relay }) => {
    port.postMessage(await exercise(api, room, relay).catch((error) => `error: ${error.message}`));
  };
};
