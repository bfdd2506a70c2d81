// @vitest-environment happy-dom
import * as api from 'hushroom';
import * as room from 'hushroom/room';
import { expect, test } from 'vitest';

import { exercise } from './exercise.mjs';

test('works beside a document, as components are tested', async () => {
  expect(document.createElement('p').tagName).toBe('P');
  expect(await exercise(api, room, process.env.RELAY)).toBe('works');
}, 60_000);
