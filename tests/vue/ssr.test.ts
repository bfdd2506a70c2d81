import { render } from '@testing-library/vue';
import { afterEach, expect, it, vi } from 'vitest';
import { createSSRApp, defineComponent, h, onErrorCaptured } from 'vue';
import { renderToString } from 'vue/server-renderer';

import type { Room } from '../../js/room/index.js';
import { provideRoom, useRoom, type ProvideRoomOptions } from '../../js/vue/index.js';
import { fakeRoom, message, turn } from '../js/fake-room.js';
import { fakeOpen, inScope } from './rooms.js';

afterEach(() => vi.restoreAllMocks());

/** Shows all there is of a room. */
const Everything = defineComponent(() => {
  const { room, status, error, messages, members, typing, offers, transfers, onEvent, useFileDrop, safetyNumber } = useRoom();
  const { isOver, dropProps } = useFileDrop();
  const number = safetyNumber();
  const herNumber = safetyNumber('grace');
  onEvent('message', () => undefined);
  return () =>
    h('div', dropProps, [
      `${status.value} ${String(error.value)} ${typeof room.value} ${isOver.value} ${number.value?.digits} ${herNumber.value?.digits}`,
      h('ul', messages.value.map(({ id, text }) => h('li', { key: id }, text))),
      h('i', [members.value, typing.value, offers.value, transfers.value].map(({ length }) => length).join()),
    ]);
});
const app = (options: ProvideRoomOptions) =>
  createSSRApp(
    defineComponent(() => {
      provideRoom(options);
      return () => h('main', h(Everything));
    }),
  );
const EMPTY = '<main><div>connecting undefined undefined false undefined undefined<ul></ul><i>0,0,0,0</i></div></main>';

function full() {
  let numbers = 0;
  const safetyNumber = ((id?: string) => ({ digits: `${id ?? 'all'} ${(numbers += 1)}` })) as Room['safetyNumber'];
  const fake = fakeRoom({ safetyNumber });
  fake.store.putMessage(message('hello', { text: 'hello' }));
  return fake;
}

it('opens nothing on a server, and renders the same always', async () => {
  const warn = vi.spyOn(console, 'warn');
  const { open, signals } = fakeOpen();
  const fake = full();
  expect(await renderToString(app({ open }))).toBe(EMPTY);
  expect(await renderToString(app({ open }))).toBe(EMPTY);
  expect(await renderToString(app({ room: fake.room }))).toBe(EMPTY);
  await turn();
  expect(signals).toHaveLength(0);
  expect(fake.subscriptions).toBe(0);
  expect(warn).not.toHaveBeenCalled();
});

it('opens nothing on a server in a scope of its own either', () =>
  inScope(() => {
    vi.stubGlobal('document', undefined);
    const { open, signals } = fakeOpen();
    expect(provideRoom({ open }).status.value).toBe('connecting');
    vi.unstubAllGlobals();
    expect(signals).toHaveLength(0);
  }));

it.each(['open', 'room'] as const)('takes over what a server has rendered: %s', async (kind) => {
  const warn = vi.spyOn(console, 'warn');
  const error = vi.spyOn(console, 'error');
  const fake = full();
  const { open, signals, resolve } = fakeOpen();
  const options = (): ProvideRoomOptions => (kind === 'open' ? { open } : { room: fake.room });
  const container = document.createElement('div');
  container.innerHTML = await renderToString(app(options()));
  const served = container.querySelector('main');
  const client = app(options());
  client.mount(container);
  await resolve(fake.room);
  expect(signals).toHaveLength(kind === 'open' ? 1 : 0);
  expect(container.querySelector('main')).toBe(served);
  expect(container.textContent).toBe('open undefined object false all 1 grace 2hello1,0,0,0');
  client.unmount();
  await turn();
  expect(fake.closed).toBe(kind === 'open' ? 1 : 0);
  expect([warn.mock.calls, error.mock.calls]).toEqual([[], []]);
});

it('leaves with a component whose setup failed: it is mounted all the same', async () => {
  const fake = full();
  const Broken = defineComponent(() => {
    provideRoom({ open: () => Promise.resolve(fake.room) });
    throw new Error('not to be drawn');
  });
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { unmount } = render(
    defineComponent(() => {
      onErrorCaptured(() => false);
      return () => h(Broken);
    }),
  );
  await turn();
  unmount();
  await turn();
  expect(fake.closed).toBe(1);
});
