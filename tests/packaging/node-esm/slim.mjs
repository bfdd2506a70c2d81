import { readFile } from 'node:fs/promises';

import * as api from 'hushroom/slim';

import { exercise } from './exercise.mjs';

await api.init(readFile(new URL(import.meta.resolve('hushroom/core.wasm'))));
console.log(await exercise(api));
