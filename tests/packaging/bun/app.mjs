import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from './exercise.mjs';

console.log(await exercise(api, room, process.argv[2]));
