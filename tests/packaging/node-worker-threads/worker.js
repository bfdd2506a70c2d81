import { parentPort, workerData } from 'node:worker_threads';

import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from './exercise.mjs';

parentPort.postMessage(await exercise(api, room, workerData.relay));
