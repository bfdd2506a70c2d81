import { cleanup, render } from '@testing-library/vue';
import { afterEach, expect, inject, it, vi } from 'vitest';
import { defineComponent, h, watch, type WatchSource } from 'vue';
import { WebSocket } from 'ws';

import { createRoom, isHushError, joinRoom, type Room, type WebSocketConstructor } from '../../js/room/index.js';
import { provideRoom, useRoom, type OpenRoom, type RoomState } from '../../js/vue/index.js';
import { until } from '../js/agent-room.js';
import { turn } from '../js/fake-room.js';

/** With real rooms on a real relay. */
const relay = inject('relayUrl');
let host: Room;

afterEach(async () => {
  cleanup();
  await host.close();
});

async function hosting(): Promise<{ open: OpenRoom; joins: number }> {
  host = await createRoom({ relay, name: 'Host' });
  const it = {
    joins: 0,
    open: ({ signal }: { signal: AbortSignal }) => {
      it.joins += 1;
      return joinRoom({ relay, code: host.code, name: 'Ada', signal });
    },
  };
  return it;
}

/** Mounts a component that provides a room, and one below that uses it. */
function mount(open: OpenRoom) {
  let state!: RoomState;
  const Below = defineComponent(() => {
    state = useRoom();
    return () => h('output', `${state.status.value}: ${state.messages.value.map(({ text }) => text).join()}`);
  });
  const it = render(
    defineComponent(() => {
      provideRoom({ open });
      return () => h(Below);
    }),
  );
  return { state, text: () => it.container.textContent, unmount: it.unmount };
}

/** Resolves once `test` holds, which is looked at when `source` changes. */
function once<T>(source: WatchSource<T>, test: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const stop = watch(
      source,
      (value) => {
        if (!test(value)) return;
        resolve(value);
        queueMicrotask(() => stop());
      },
      { immediate: true },
    );
  });
}

const names = () => host.members.map(({ name }) => name).join();
const isOpen = (status: string) => status === 'open';

it('joins once, talks, and leaves', async () => {
  const hosted = await hosting();
  const { state, text, unmount } = mount(hosted.open);
  expect(text()).toBe('connecting: ');
  await once(state.status, isOpen);
  await until(host, () => names() === 'Host,Ada');
  await Promise.all([host.send('hello'), once(state.messages, ({ length }) => length === 1)]);
  await state.room.value?.send('hello Host');
  await turn();
  expect(text()).toBe('open: hello,hello Host');
  expect(state.members.value.map(({ name, self }) => [name, self])).toEqual([['Ada', true], ['Host', false]]);
  host.typing();
  expect((await once(state.typing, ({ length }) => length === 1))[0]?.name).toBe('Host');
  const { safetyNumber } = state;
  expect(safetyNumber().value?.digits).toBe(host.safetyNumber().digits);
  unmount();
  await until(host, () => names() === 'Host');
  expect(hosted.joins).toBe(1);
});

it.each(['at once', 'when the socket is open'])('leaves nobody in the room when it goes while it connects: %s', async (when) => {
  await hosting();
  let unmount: () => void = () => undefined;
  let outcome: Promise<unknown> | undefined;
  class Socket extends WebSocket {
    constructor(url: string) {
      super(url);
      // Before the listener of the room, which joins.
      if (when !== 'at once') this.once('open', () => unmount());
    }
  }
  const mounted = mount(({ signal }) => {
    const joining = joinRoom({
      relay, code: host.code, name: 'Ada', signal, WebSocket: Socket as unknown as WebSocketConstructor,
    });
    outcome = joining.then(
      () => 'joined',
      (error: unknown) => error,
    );
    return joining;
  });
  unmount = mounted.unmount;
  if (when === 'at once') unmount();
  // A relay this near may have answered before the turn ends in which the component went: then what was opened is closed.
  if (when === 'at once') expect(await outcome).toMatchObject({ name: 'AbortError' });
  else await outcome;
  const grace = await joinRoom({ relay, code: host.code, name: 'Grace' });
  await until(host, () => names() === 'Host,Grace');
  expect(mounted.state.status.value).toBe('closed');
  await grace.close();
});

it('says why the relay refuses', async () => {
  await hosting();
  const { code } = host;
  await host.close();
  const { state } = mount(({ signal }) => joinRoom({ relay, code, name: 'Ada', signal }));
  await once(state.status, (status) => status === 'failed');
  expect(isHushError(state.error.value) && state.error.value.code).toBe('ROOM_NOT_FOUND');
});

it('shows files that come and go with their progress', async () => {
  const hosted = await hosting();
  const { state } = mount(hosted.open);
  await once(state.status, isOpen);
  await until(host, () => names() === 'Host,Ada');
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  const sent = host.sendFile(new Blob([content]), { name: 'photo.jpg' });
  const [offer] = await once(state.offers, ({ length }) => length === 1);
  const received: Uint8Array[] = [];
  const seen: string[] = [];
  watch(state.transfers, ([view]) => view && seen.push(`${view.transfer.direction} ${view.state} ${view.progress.bytes}`), { flush: 'sync' });
  const incoming = offer?.accept(new WritableStream({ write: (chunk) => void received.push(chunk) }));
  await Promise.all([sent.done, incoming?.done]);
  await once(state.transfers, ([view]) => view?.state === 'done');
  expect(Buffer.concat(received).equals(content)).toBe(true);
  expect(state.offers.value).toEqual([]);
  expect(seen[0]).toBe('in waiting 0');
  expect(seen.at(-1)).toBe('in done 60000');
  expect(new Set(seen).size).toBe(seen.length);

  const back = state.room.value?.sendFile(new Blob([content]), { name: 'back' });
  await until(host, () => host.getSnapshot().offers.length === 1);
  await host.getSnapshot().offers[0]?.accept(new WritableStream({})).done;
  await back?.done;
  expect(state.transfers.value.map(({ transfer, state: is }) => `${transfer.direction} ${is}`)).toEqual(['in done', 'out done']);
});

it('comes back when the connection does, as the same member', async () => {
  await hosting();
  const sockets: WebSocket[] = [];
  class Socket extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  }
  const { state } = mount(({ signal }) =>
    joinRoom({ relay, code: host.code, name: 'Ada', signal, WebSocket: Socket as unknown as WebSocketConstructor }),
  );
  const seen: string[] = [];
  watch(state.status, (status) => seen.push(status), { flush: 'sync' });
  const events = vi.fn();
  state.onEvent('status', ({ status }) => events(status));
  await once(state.status, isOpen);
  sockets[0]?.terminate();
  await once(state.status, (status) => status === 'reconnecting');
  await once(state.status, isOpen);
  await host.send('still there');
  await once(state.messages, ({ length }) => length === 1);
  expect(seen).toEqual(['open', 'reconnecting', 'open']);
  expect(events.mock.calls.flat()).toEqual(['reconnecting', 'open']);
});
