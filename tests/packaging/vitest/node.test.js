import * as api from 'hushroom';
import * as room from 'hushroom/room';
import { expect, test, vi } from 'vitest';

import { exercise } from './exercise.mjs';

test('works in Vitest', async () => {
  expect(await exercise(api, room, process.env.RELAY)).toBe('works');
}, 60_000);

test('can be replaced', async () => {
  vi.doMock('hushroom', async (original) => ({ ...(await original()), generateShareCode: () => 'mocked' }));
  expect((await import('hushroom')).generateShareCode()).toBe('mocked');
});
