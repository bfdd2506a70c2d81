import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../exercise.mjs';

export default {
  async fetch(request) {
    const relay = new URL(request.url).searchParams.get('relay');
    try {
      return new Response(await exercise(api, relay === null ? undefined : room, relay));
    } catch (error) {
      return new Response(`error: ${error.stack}`, { status: 500 });
    }
  },
};
