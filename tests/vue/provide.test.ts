import { cleanup, render } from '@testing-library/vue';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as vue from 'vue';
import { createApp, defineComponent, effectScope, h, KeepAlive, nextTick, ref, shallowRef, Suspense, type Component } from 'vue';

import { hushError } from '../../js/errors.js';
import type { Room } from '../../js/room/index.js';
import { provideRoom, roomKey, useRoom, type OpenRoom, type ProvideRoomOptions, type RoomState } from '../../js/vue/index.js';
import { fakeRoom, gate, message, turn } from '../js/fake-room.js';
import { fakeOpen, inScope } from './rooms.js';

afterEach(cleanup);

/** Shows a room, by a component below the one that provides it. */
const Shown = defineComponent(() => {
  const { status, error, messages } = useRoom();
  return () => h('output', `${status.value} ${error.value ?? ''}${messages.value.map(({ text }) => text).join()}`);
});
const provider = (options: ProvideRoomOptions, below: Component = Shown) =>
  defineComponent(() => {
    provideRoom(options);
    return () => h('section', h(below));
  });
const shown = (it: { container: Element }) => it.container.querySelector('output')?.textContent?.trim();

describe('provideRoom', () => {
  it('opens once, when the component is mounted, and gives the room to what is below', async () => {
    const { open, signals, resolve } = fakeOpen();
    const { room, store } = fakeRoom();
    let calledBefore = -1;
    const it = render(
      defineComponent(() => {
        provideRoom({ open });
        calledBefore = signals.length;
        return () => [h(Shown), h(Shown)];
      }),
    );
    expect(calledBefore).toBe(0);
    expect(signals).toHaveLength(1);
    expect(shown(it)).toBe('connecting');
    await resolve(room);
    expect(shown(it)).toBe('open');
    store.putMessage(message('hello', { text: 'hello' }));
    store.flush();
    await nextTick();
    expect(shown(it)).toBe('open hello');
    expect(signals).toHaveLength(1);
  });

  it('closes once when the component goes, in a later turn, and the state says so', async () => {
    const { open, signals, resolve } = fakeOpen();
    const fake = fakeRoom();
    let state!: RoomState;
    const it = render(
      defineComponent(() => {
        state = provideRoom({ open });
        return () => h(Shown);
      }),
    );
    await resolve(fake.room);
    it.unmount();
    expect(fake.closed).toBe(0);
    await turn();
    expect(fake.closed).toBe(1);
    expect(signals[0]?.aborted).toBe(true);
    expect(state.status.value).toBe('closed');
    await turn();
    expect(fake.closed).toBe(1);
  });

  it('gives up what is not open yet, and closes what opens nevertheless', async () => {
    const { open, signals, resolve } = fakeOpen();
    const fake = fakeRoom();
    const it = render(provider({ open }));
    expect(signals[0]?.aborted).toBe(false);
    it.unmount();
    await turn();
    expect(signals[0]?.aborted).toBe(true);
    expect(fake.closed).toBe(0);
    await resolve(fake.room);
    expect(fake.closed).toBe(1);
    expect(fake.subscriptions).toBe(0);
  });

  it('says why a room could not be opened', async () => {
    const { open, reject } = fakeOpen();
    const it = render(provider({ open }));
    await reject(new Error('nobody there'));
    expect(shown(it)).toBe('failed Error: nobody there');
  });

  it('takes an exception as a failure, and what is no room', async () => {
    const thrown = render(
      provider({
        open: () => {
          throw new Error('at once');
        },
      }),
    );
    const nothing = render(provider({ open: (() => Promise.resolve(undefined)) as unknown as OpenRoom }));
    await turn();
    expect(shown(thrown)).toBe('failed Error: at once');
    expect(shown(nothing)).toMatch(/^failed TypeError/);
  });

  it('only looks at a room that was handed in', async () => {
    const fake = fakeRoom();
    fake.store.putMessage(message('before', { text: 'before' }));
    const it = render(provider({ room: fake.room }));
    await nextTick();
    expect(shown(it)).toBe('open before');
    expect(fake.subscriptions).toBe(1);
    it.unmount();
    await turn();
    expect([fake.closed, fake.subscriptions]).toEqual([0, 0]);
  });

  it('tells why somebody else has closed the room', async () => {
    const { open, resolve } = fakeOpen();
    const fake = fakeRoom();
    const it = render(provider({ open }));
    await resolve(fake.room);
    fake.end(hushError('ROOM_EXPIRED', 'its time is over'));
    await nextTick();
    expect(shown(it)).toMatch(/^closed .*its time is over/);
  });

  it('leaves and opens with a new key, each room once', async () => {
    const [first, second] = [fakeRoom(), fakeRoom()];
    const opened: string[] = [];
    const key = ref('first');
    const Chat = defineComponent({
      props: { name: { type: String, required: true } },
      setup({ name }) {
        provideRoom({
          open: () => {
            opened.push(name);
            return Promise.resolve((name === 'first' ? first : second).room);
          },
        });
        return () => h(Shown);
      },
    });
    render(() => h(Chat, { key: key.value, name: key.value }));
    await turn();
    key.value = 'second';
    await turn();
    await turn();
    expect(opened).toEqual(['first', 'second']);
    expect([first.closed, second.closed]).toEqual([1, 0]);
  });

  it('stays in the room while KeepAlive keeps the component', async () => {
    const { open, signals, resolve } = fakeOpen();
    const fake = fakeRoom();
    const Chat = provider({ open });
    const shows = ref(true);
    const it = render(() => h(KeepAlive, () => (shows.value ? h(Chat) : h('p'))));
    await resolve(fake.room);
    shows.value = false;
    await nextTick();
    await turn();
    expect(shown(it)).toBeUndefined();
    fake.store.putMessage(message('meanwhile', { text: 'meanwhile' }));
    fake.store.flush();
    shows.value = true;
    await nextTick();
    expect(shown(it)).toBe('open meanwhile');
    expect([signals.length, fake.closed]).toEqual([1, 0]);
    it.unmount();
    await turn();
    expect(fake.closed).toBe(1);
  });

  it('works after an await in <script setup>, below Suspense', async () => {
    const { open, signals, resolve } = fakeOpen();
    const fake = fakeRoom();
    const Later = defineComponent({
      async setup() {
        // What the compiler makes of an await there.
        const { withAsyncContext } = vue as unknown as { withAsyncContext<T>(start: () => T): [T, () => void] };
        const [waiting, restore] = withAsyncContext(turn);
        await waiting;
        restore();
        provideRoom({ open });
        return () => h(Shown);
      },
    });
    const resolved = gate();
    const it = render(() => h('section', h(Suspense, { onResolve: () => resolved.open() }, () => h(Later))));
    expect(signals).toHaveLength(0);
    await resolved.promise;
    await nextTick();
    expect([shown(it), signals.length]).toEqual(['connecting', 1]);
    await resolve(fake.room);
    expect(shown(it)).toBe('open');
    it.unmount();
    await turn();
    expect(fake.closed).toBe(1);
  });

  it('hides a room above by one below', async () => {
    const [outer, inner] = [fakeRoom(), fakeRoom()];
    inner.store.putMessage(message('inner', { text: 'inner' }));
    const it = render(provider({ room: outer.room }, provider({ room: inner.room })));
    await nextTick();
    expect(shown(it)).toBe('open inner');
  });

  it.each([
    ['nothing', undefined],
    ['neither', {}],
    ['both', { open: () => Promise.reject(new Error()), room: {} }],
    ['a promise as the function', { open: Promise.resolve() }],
    ['something else as the room', { room: {} }],
    ['null as the room', { room: null }],
  ])('refuses %s', (_, options) =>
    inScope(() => expect(() => provideRoom(options as unknown as ProvideRoomOptions)).toThrow(TypeError)),
  );

  it('refuses where nothing would close the room', () => {
    const { open, signals } = fakeOpen();
    expect(() => provideRoom({ open })).toThrow(/in setup.*or in an effect scope/);
    expect(signals).toHaveLength(0);
  });
});

describe('in a scope of its own', () => {
  it('opens at once, and closes when the scope is stopped', async () => {
    const { open, signals, resolve } = fakeOpen();
    const fake = fakeRoom();
    let state!: RoomState;
    await inScope(async () => {
      state = provideRoom({ open });
      expect(signals).toHaveLength(1);
      await resolve(fake.room);
      expect(state.status.value).toBe('open');
      expect(state.room.value).toBe(fake.room);
    });
    expect(fake.closed).toBe(1);
    expect(state.status.value).toBe('closed');
  });

  it('outlives the component that used it first, as in a store', async () => {
    const warn = vi.spyOn(console, 'warn');
    const { open, signals, resolve } = fakeOpen();
    const fake = fakeRoom();
    const store = effectScope(true);
    let state: RoomState | undefined;
    // What Pinia does: the store's setup runs in a detached scope, when a component is set up that uses it.
    const useStore = () => (state ??= store.run(() => provideRoom({ open })) as RoomState);
    const Below = defineComponent(() => {
      let found = 'a room';
      try {
        useRoom();
      } catch {
        found = ', none provided';
      }
      return () => found;
    });
    const User = defineComponent(() => {
      const { status } = useStore();
      return () => [status.value, h(Below)];
    });
    const it = render(User);
    expect(signals).toHaveLength(1);
    await resolve(fake.room);
    expect(it.container.textContent).toBe('open, none provided');
    it.unmount();
    await turn();
    expect(fake.closed).toBe(0);
    expect(render(User).container.textContent).toBe('open, none provided');
    expect(signals).toHaveLength(1);
    store.stop();
    await turn();
    expect(fake.closed).toBe(1);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('may be made while something is rendered', async () => {
    const { open, signals } = fakeOpen();
    const store = effectScope(true);
    const state = shallowRef<RoomState>();
    const it = render(() => (state.value ??= store.run(() => provideRoom({ open })) as RoomState).status.value);
    expect(it.container.textContent).toBe('connecting');
    expect(signals).toHaveLength(1);
    store.stop();
    await turn();
    expect(signals[0]?.aborted).toBe(true);
  });

  it('can be given to a whole app', async () => {
    const fake = fakeRoom();
    await inScope(() => {
      const app = createApp(Shown).provide(roomKey, provideRoom({ room: fake.room }));
      const container = document.createElement('div');
      app.mount(container);
      expect(shown({ container })).toBe('open');
      app.unmount();
    });
    expect([fake.closed, fake.subscriptions]).toEqual([0, 0]);
  });
});

describe('useRoom', () => {
  it('says what is missing when no component above has a room', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(() => render(Shown)).toThrow(/found no room: a component above has to call provideRoom/);
    warn.mockRestore();
  });

  it('says that it belongs in setup', () => {
    const warn = vi.spyOn(console, 'warn');
    expect(() => useRoom()).toThrow(/belongs in setup/);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('hands out refs that cannot be written to', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    await inScope(() => {
      const { messages, room } = provideRoom({ room: fakeRoom().room });
      (messages as unknown as { value: unknown }).value = [];
      (room as unknown as { value: Room | undefined }).value = undefined;
      expect(room.value).toBeDefined();
      expect(warn).toHaveBeenCalledTimes(2);
    });
    warn.mockRestore();
  });
});
