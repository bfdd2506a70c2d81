import * as api from 'hushroom';

import { exercise } from '../../exercise.mjs';

export const runtime = 'edge';

export async function GET() {
  return new Response(await exercise(api));
}
