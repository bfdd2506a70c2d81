import { cleanup, createEvent, fireEvent, render } from '@testing-library/vue';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, effectScope, h, nextTick, ref, watch, type WatchSource } from 'vue';

import type { IncomingTransfer, Room, RoomEvent, TransferProgress } from '../../js/room/index.js';
import { provideRoom, type FileDropOptions, type RoomState } from '../../js/vue/index.js';
import { fakeRoom, member, message, turn, type FakeRoom } from '../js/fake-room.js';
import { fakeOpen, inScope } from './rooms.js';

afterEach(cleanup);

/** A room with its state. Its safety numbers are numbered, and say whose they are. */
function inRoom(use: (it: FakeRoom & { readonly state: RoomState; readonly numbers: readonly (string | undefined)[] }) => unknown): Promise<void> {
  return inScope(() => {
    const { fake, numbers } = numbered();
    return use({ ...fake, numbers, state: provideRoom({ room: fake.room }) });
  });
}

function numbered() {
  const numbers: (string | undefined)[] = [];
  const safetyNumber = ((id?: string) => ({ digits: `${id ?? 'all'} ${numbers.push(id)}` })) as Room['safetyNumber'];
  return { numbers, fake: fakeRoom({ safetyNumber }) };
}

function transfer(): { transfer: IncomingTransfer; move(bytes: number): void } {
  let progress: TransferProgress = { state: 'running', bytes: 0, total: 10, rate: 0, secondsLeft: undefined };
  const it = {
    id: 'file',
    direction: 'in',
    get progress() {
      return progress;
    },
  };
  return { transfer: it as IncomingTransfer, move: (bytes) => (progress = { ...progress, bytes }) };
}

describe('lists', () => {
  const names = ['messages', 'members', 'typing', 'offers', 'transfers'] as const;
  const offer = { id: 'offer' } as Parameters<FakeRoom['store']['putOffer']>[0];

  it.each([
    ['messages', ({ store }: FakeRoom) => store.putMessage(message('new', { text: 'new' }))],
    ['members', ({ store }: FakeRoom) => store.putMember(member('alan'))],
    ['typing', ({ store }: FakeRoom) => store.setTyping('grace', true)],
    ['offers', ({ store }: FakeRoom) => store.putOffer(offer)],
    ['transfers', ({ store }: FakeRoom) => store.putTransfer(transfer().transfer)],
  ])('only watchers of %s hear of it, when that has changed', (name, change) =>
    inRoom(async (it) => {
      it.store.putMember(member('grace'));
      it.store.putMessage(message('hello', { text: 'hello' }));
      it.store.flush();
      const before = new Map(names.map((each) => [each, it.state[each].value]));
      const heard: string[] = [];
      for (const each of names) watch(it.state[each] as WatchSource, () => heard.push(each));
      change(it);
      it.store.flush();
      await nextTick();
      expect(heard).toEqual([name]);
      for (const each of names) expect(it.state[each].value === before.get(each)).toBe(each !== name);
      it.store.dispose();
    }),
  );

  it('name others who type, and not us', () =>
    inRoom(({ state, store }) => {
      store.putMember(member('grace'));
      store.setTyping('grace', true);
      store.setTyping('ada', true);
      store.setTyping('nobody', true);
      store.flush();
      expect(state.typing.value.map(({ name }) => name)).toEqual(['grace']);
      store.dispose();
    }));

  it('hold transfers with their progress, another view after every change', () =>
    inRoom(({ state, store }) => {
      const [moving, resting] = [transfer(), transfer()];
      store.putTransfer(moving.transfer);
      store.putTransfer(Object.assign(resting.transfer, { id: 'resting' }));
      store.flush();
      const [first, other] = state.transfers.value;
      expect(first).toMatchObject({ state: 'running', progress: { bytes: 0, total: 10 } });
      expect(first?.transfer).toBe(moving.transfer);
      moving.move(4);
      store.putTransfer(moving.transfer);
      store.flush();
      expect(state.transfers.value[0]).toMatchObject({ state: 'running', progress: { bytes: 4 } });
      expect(first).toMatchObject({ progress: { bytes: 0 } });
      expect(state.transfers.value[1]).toBe(other);
    }));
});

describe('onEvent', () => {
  const joined = (id: string): RoomEvent => ({ type: 'member-joined', member: member(id) });

  it('hears one type of event from when the room is open, until it is stopped', () =>
    inScope(async () => {
      const { open, resolve } = fakeOpen();
      const fake = fakeRoom();
      const { onEvent } = provideRoom({ open });
      const heard: string[] = [];
      const stop = onEvent('member-joined', (event) => heard.push(event.member.id));
      fake.emit(joined('early'));
      await resolve(fake.room);
      fake.emit({ type: 'member-left', member: member('alan') });
      fake.emit(joined('grace'));
      await turn();
      expect(heard).toEqual(['grace']);
      stop();
      fake.emit(joined('late'));
      await turn();
      expect(heard).toEqual(['grace']);
    }));

  it('hears what happens in the very moment in which the room opens', () =>
    inScope(async () => {
      const { open, resolve } = fakeOpen();
      const fake = fakeRoom();
      const { room, onEvent } = provideRoom({ open });
      const heard: string[] = [];
      onEvent('member-joined', (event) => heard.push(event.member.id));
      watch(room, () => fake.emit(joined('grace')), { flush: 'sync' });
      await resolve(fake.room);
      expect(heard).toEqual(['grace']);
    }));

  it("ends with the scope that asked, or else with the room's", () =>
    inRoom(async ({ state, emit }) => {
      const heard: string[] = [];
      const component = effectScope(true);
      component.run(() => state.onEvent('member-joined', () => heard.push('component')));
      // After an await there is no scope any more.
      await turn();
      state.onEvent('member-joined', () => heard.push('nobody'));
      emit(joined('grace'));
      await turn();
      component.stop();
      emit(joined('grace'));
      await turn();
      expect(heard).toEqual(['component', 'nobody', 'nobody']);
    }));

  it('goes on when a handler throws, and reports it', () =>
    inRoom(async ({ state, emit }) => {
      const reported: unknown[] = [];
      vi.stubGlobal('queueMicrotask', (task: () => void) => {
        try {
          task();
        } catch (error) {
          reported.push(error);
        }
      });
      const heard: string[] = [];
      state.onEvent('member-joined', ({ member: { id } }) => {
        heard.push(id);
        if (id === 'first') throw new Error('a fault of the handler');
      });
      emit(joined('first'));
      emit(joined('second'));
      await turn();
      vi.unstubAllGlobals();
      expect(heard).toEqual(['first', 'second']);
      expect(reported).toEqual([new Error('a fault of the handler')]);
    }));
});

describe('useFileDrop', () => {
  const file = new File(['x'], 'x.txt');
  const carried = { types: ['Files'], items: [], files: [file] };

  function zone(options?: FileDropOptions, open?: Parameters<typeof provideRoom>[0]) {
    const fake = fakeRoom();
    const sent: unknown[] = [];
    Object.assign(fake.room, { sendFile: (it: unknown) => sent.push(it) });
    const it = render(
      defineComponent(() => {
        const { isOver, dropProps } = provideRoom(open ?? { room: fake.room }).useFileDrop(options);
        return () => h('div', { ...dropProps, class: { over: isOver.value } }, h('p'));
      }),
    );
    const element = it.container.firstElementChild as HTMLElement;
    return { fake, sent, element, isOver: () => element.classList.contains('over') };
  }

  it('sends what is dropped, and says when something is over it', async () => {
    const { sent, element, isOver } = zone();
    await fireEvent.dragEnter(element, { dataTransfer: carried });
    expect(isOver()).toBe(true);
    await fireEvent.dragEnter(element.firstElementChild as Element, { dataTransfer: carried });
    await fireEvent.dragLeave(element, { dataTransfer: carried });
    expect(isOver()).toBe(true);
    await fireEvent.drop(element, { dataTransfer: carried });
    expect(isOver()).toBe(false);
    expect(sent).toEqual([file]);
  });

  it('hands the files over, if asked to, with or without a room', async () => {
    const onFiles = vi.fn();
    const { sent, element } = zone({ onFiles });
    await fireEvent.drop(element, { dataTransfer: carried });
    const early = zone({ onFiles }, { open: fakeOpen().open });
    await fireEvent.drop(early.element, { dataTransfer: carried });
    expect(onFiles.mock.calls).toEqual([[[file]], [[file]]]);
    expect(sent).toEqual([]);
  });

  it('tells what sendFile throws, for each file', async () => {
    const errors: unknown[] = [];
    const { fake, element } = zone({ onError: (...error) => errors.push(error) });
    Object.assign(fake.room, {
      sendFile() {
        throw new Error('alone');
      },
    });
    await fireEvent.drop(element, { dataTransfer: { ...carried, files: [file, file] } });
    expect(errors).toEqual([[new Error('alone'), file], [new Error('alone'), file]]);
  });

  it('takes nothing while it is disabled, the room is not open, or no file comes', async () => {
    const disabled = ref(true);
    const off = zone({ disabled });
    await fireEvent.dragEnter(off.element, { dataTransfer: carried });
    expect(off.isOver()).toBe(false);
    const drop = createEvent.drop(off.element, { dataTransfer: carried });
    off.element.dispatchEvent(drop);
    // The browser would show the file in place of the page.
    expect(drop.defaultPrevented).toBe(true);
    expect(off.sent).toEqual([]);
    disabled.value = false;
    await fireEvent.dragOver(off.element, { dataTransfer: carried });
    expect(off.isOver()).toBe(true);
    await off.fake.room.close();
    await nextTick();
    expect(off.isOver()).toBe(false);

    const early = zone({}, { open: fakeOpen().open });
    await fireEvent.dragEnter(early.element, { dataTransfer: carried });
    expect(early.isOver()).toBe(false);

    const text = zone();
    await fireEvent.dragEnter(text.element, { dataTransfer: { types: ['text/plain'], items: [], files: [] } });
    expect(text.isOver()).toBe(false);
  });
});

describe('safetyNumber', () => {
  it('is made when it is read, and again only when keys have changed', () =>
    inRoom(async ({ state, store, numbers }) => {
      store.putMember(member('grace'));
      store.flush();
      const number = state.safetyNumber('grace');
      expect(numbers).toEqual([]);
      expect(number.value?.digits).toBe('grace 1');
      store.putMember(member('grace', { presence: 'away' }));
      store.putMember(member('alan'));
      store.flush();
      expect(number.value?.digits).toBe('grace 1');
      store.putMember(member('grace', { deviceKey: 'another' }));
      store.flush();
      expect(number.value?.digits).toBe('grace 2');
      expect(numbers).toEqual(['grace', 'grace']);
    }));

  it('is that of the whole room without a member', () =>
    inRoom(({ state, store, numbers }) => {
      const number = state.safetyNumber();
      expect(number.value?.digits).toBe('all 1');
      store.putMember(member('grace'));
      store.flush();
      expect(number.value?.digits).toBe('all 2');
      expect(numbers).toEqual([undefined, undefined]);
    }));

  it('follows a member that changes, and is nothing without one', () =>
    inRoom(({ state, store, numbers }) => {
      store.putMember(member('grace'));
      store.putMember(member('alan'));
      store.flush();
      const chosen = ref<string>();
      const number = state.safetyNumber(() => chosen.value);
      const ofRef = state.safetyNumber(chosen);
      expect(number.value).toBeUndefined();
      chosen.value = 'grace';
      expect(number.value?.digits).toBe('grace 1');
      chosen.value = 'alan';
      expect([number.value?.digits, ofRef.value?.digits]).toEqual(['alan 2', 'alan 3']);
      chosen.value = undefined;
      expect([number.value, ofRef.value]).toEqual([undefined, undefined]);
      expect(numbers).toHaveLength(3);
    }));

  it('is nothing before the room is open, and once it is closed', () =>
    inScope(async () => {
      const { open, resolve } = fakeOpen();
      const { fake } = numbered();
      const number = provideRoom({ open }).safetyNumber();
      expect(number.value).toBeUndefined();
      await resolve(fake.room);
      expect(number.value?.digits).toBe('all 1');
      await fake.room.close();
      expect(number.value).toBeUndefined();
    }));
});
