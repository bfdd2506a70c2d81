import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../../exercise.mjs';

export const runtime = 'edge';

// With a room where the platform has sockets: Next's own imitation of an edge has none.
export async function GET(request) {
  const relay = new URL(request.url).searchParams.get('relay');
  const sockets = typeof WebSocket === 'function';
  await room.init();
  return new Response(`${await exercise(api, sockets ? room : undefined, relay)}, ${sockets ? 'room' : 'no sockets'}`);
}
