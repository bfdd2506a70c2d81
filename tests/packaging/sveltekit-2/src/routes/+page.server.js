import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../../exercise.mjs';

/** @type {import('./$types').PageServerLoad} */
export async function load({ url }) {
  const relay = url.searchParams.get('relay');
  return { relay, server: await exercise(api, relay === null ? undefined : room, relay) };
}
