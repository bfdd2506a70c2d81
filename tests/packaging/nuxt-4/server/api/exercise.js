import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../exercise.mjs';

export default defineEventHandler((event) => {
  const { relay } = getQuery(event);
  return exercise(api, relay === undefined ? undefined : room, relay);
});
