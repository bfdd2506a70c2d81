import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../../exercise.mjs';

export const runtime = 'edge';

export async function GET(request) {
  return new Response(await exercise(api, room, new URL(request.url).searchParams.get('relay')));
}
