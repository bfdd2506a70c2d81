import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';

import { hushError } from '../../js/errors.js';
import type { FileOffer, Message, RoomSafetyNumber, SafetyNumber } from '../../js/room/index.js';
import {
  RoomProvider, useFileTransfers, useMembers, useMessages, useRoom, useRoomEvent, useRoomStatus, useSafetyNumber, useTyping,
  type TransferView,
} from '../../js/react/index.js';
import { memorySink } from '../e2e/watch.js';
import { fakeRoom, member, message, turn, type FakeRoom } from '../js/fake-room.js';
import { atAdas, complaints } from './rooms.js';

let quiet: () => void;
beforeEach(() => {
  quiet = complaints();
});
afterEach(() => {
  cleanup();
  quiet();
});

/** Renders a hook in a fake room, and keeps everything it gave. */
function inFake<T>(fake: FakeRoom, use: () => T) {
  const given: T[] = [];
  const wrapper = ({ children }: { children: ReactNode }) => <RoomProvider room={fake.room}>{children}</RoomProvider>;
  const hook = renderHook(() => given.push(use()), { wrapper });
  const change = (action: () => void) =>
    act(() => {
      action();
      fake.store.flush();
    });
  return { given, change, last: () => given.at(-1) as T, ...hook };
}

describe('in a real room', () => {
  it('typing renders who shows it, and nobody else', () =>
    atAdas(async ({ ada, open }) => {
      const rendered = { room: 0, messages: 0, members: 0, files: 0, status: 0, typing: 0 };
      const Room = () => (rendered.room++, useRoom(), null);
      const Messages = () => (rendered.messages++, <ol>{useMessages().map(({ id, text }) => <li key={id}>{text}</li>)}</ol>);
      const Members = () => (rendered.members++, <p>{useMembers().map(({ name }) => name).join(' ')}</p>);
      const Files = () => (rendered.files++, useFileTransfers(), null);
      const Status = () => (rendered.status++, useRoomStatus(), null);
      const Typing = () => (rendered.typing++, <p>{useTyping().map(({ name }) => `${name} is typing`)}</p>);
      render(<RoomProvider open={open}><Room /><Messages /><Members /><Files /><Status /><Typing /></RoomProvider>);
      await screen.findByText(/Ada/);
      await act(async () => void (await ada.send('hello')));
      await screen.findByText('hello');
      const before = { ...rendered };
      ada.typing();
      await screen.findByText('Ada is typing');
      ada.typing(false);
      await waitFor(() => expect(screen.queryByText('Ada is typing')).toBeNull());
      expect(rendered).toEqual({ ...before, typing: before.typing + 2 });
    }));

  it('messages, members and safety numbers are those of the others', () =>
    atAdas(async ({ ada, adaSees, open }) => {
      let numbers: (string | undefined)[] = [];
      function Chat() {
        const other = useMembers().find(({ self }) => !self);
        const room = useRoom();
        numbers = [useSafetyNumber(other?.id ?? 'nobody')?.digits, useSafetyNumber()?.digits, useSafetyNumber(room?.selfId ?? 'nobody')?.digits];
        return (
          <>
            <p>{useMembers().map(({ name, self }) => `${name}${self ? ' (you)' : ''}`).join(' ')}</p>
            <button onClick={() => void room?.send('from the page')}>Send</button>
            {useMessages().map(({ id, text, reactions }) => <p key={id}>{text} {Object.keys(reactions)}</p>)}
          </>
        );
      }
      render(<StrictMode><RoomProvider open={open}><Chat /></RoomProvider></StrictMode>);
      await screen.findByText(/Grace \(you\)/);
      await screen.findByText(/Ada/);
      const grace = ada.members.find(({ self }) => !self)?.id ?? '';
      await waitFor(() => expect(numbers).toEqual([ada.safetyNumber(grace).digits, ada.safetyNumber().digits, undefined]));
      screen.getByText('Send').click();
      await adaSees.until(() => adaSees.texts().includes('from the page'), 'the message');
      await act(() => ada.react(ada.getSnapshot().messages[0]?.id ?? '', '❤'));
      await screen.findByText('from the page ❤');
    }));

  it('a file comes with its progress, from offer to the last byte', () =>
    atAdas(async ({ ada, open }) => {
      const size = 3_000_000;
      const sink = memorySink();
      const bytes = new Uint8Array(size).map((_, index) => index * 7);
      const seen: TransferView[] = [];
      function Files() {
        const { offers, transfers } = useFileTransfers();
        seen.push(...transfers);
        return (
          <>
            {useMembers().length === 2 && <p>both</p>}
            {offers.map((offer) => <button key={offer.id} onClick={() => offer.accept(sink)}>Accept {offer.name}</button>)}
            {transfers.map(({ transfer, state, progress }) => <p key={transfer.id}>{state} {progress.bytes}</p>)}
          </>
        );
      }
      render(<RoomProvider open={open}><Files /></RoomProvider>);
      await screen.findByText('both');
      const sending = ada.sendFile(bytes, { name: 'a.bin' });
      (await screen.findByText('Accept a.bin')).click();
      await screen.findByText(`done ${size}`);
      expect(screen.queryByText('Accept a.bin')).toBeNull();
      await sending.done;
      expect(sink.bytes().equals(bytes)).toBe(true);
      const progress = seen.map((view) => view.progress.bytes);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      expect(new Set(seen.map(({ state }) => state))).toEqual(new Set(['waiting', 'running', 'done']));
      expect(seen.every((view) => view.transfer.direction === 'in')).toBe(true);
    }));

  it('events come to the handler of the latest render', () =>
    atAdas(async ({ ada, open }) => {
      const heard: string[] = [];
      function Ears({ name }: { name: string }) {
        useRoomEvent('message', ({ message: { text }, fromSelf }) => heard.push(`${name}: ${text} ${fromSelf}`));
        return <p>{useMembers().length === 2 && 'both'}</p>;
      }
      const tree = (name: string) => <StrictMode><RoomProvider open={open}><Ears name={name} /></RoomProvider></StrictMode>;
      const { rerender, unmount } = render(tree('first'));
      await screen.findByText('both');
      await ada.send('one');
      await waitFor(() => expect(heard).toEqual(['first: one false']));
      rerender(tree('second'));
      await ada.send('two');
      await waitFor(() => expect(heard).toEqual(['first: one false', 'second: two false']));
      unmount();
    }));
});

describe('hooks', () => {
  it('give the same lists while nothing in them has changed', () => {
    const fake = fakeRoom();
    fake.store.putMember(member('grace'));
    for (const id of ['1', '2', '3']) fake.store.putMessage(message(id));
    const { change, last, given } = inFake(fake, () => [
      useMessages(), useMessages({ limit: 2 }), useMembers(), useTyping(), useFileTransfers(), useRoomStatus(), useRoom(),
    ]);
    const names = ['messages', 'last messages', 'members', 'typing', 'files', 'status', 'room'];
    const changedBy = (action: () => void) => {
      const before = last();
      change(action);
      const after = last();
      return names.filter((_, index) => before[index] !== after[index]);
    };
    const count = given.length;
    expect(changedBy(() => fake.store.setOpen(1, 2, true))).toEqual([]);
    // Nothing that is looked at has changed: there was no rendering at all.
    expect(given.length).toBe(count);
    expect(changedBy(() => fake.store.setTyping('grace', true))).toEqual(['typing']);
    expect(changedBy(() => fake.store.react('1', '!', 'grace', true))).toEqual(['messages']);
    expect(changedBy(() => fake.store.putMessage(message('4')))).toEqual(['messages', 'last messages']);
    expect(changedBy(() => fake.store.putMember(member('eve')))).toEqual(['members']);
    expect(changedBy(() => fake.store.putMember(member('grace', { presence: 'away' })))).toEqual(['members', 'typing']);
    expect(changedBy(() => fake.store.putOffer({ id: 'offer' } as FileOffer))).toEqual(['files']);
    expect(changedBy(() => fake.store.setStatus('reconnecting'))).toEqual(['status']);
    expect(changedBy(() => fake.end(hushError('ROOM_EXPIRED', 'expired')))).toEqual(['status']);
    expect(last()[5]).toMatchObject({ status: 'closed', error: { code: 'ROOM_EXPIRED' } });
  });

  it('take another limit', () => {
    const fake = fakeRoom();
    for (const id of ['1', '2', '3']) fake.store.putMessage(message(id));
    let limit: number | undefined = 2;
    const ids = (messages: readonly Message[]) => messages.map(({ id }) => id);
    const { last, rerender } = inFake(fake, () => ids(useMessages({ limit })));
    expect(last()).toEqual(['2', '3']);
    limit = undefined;
    rerender();
    expect(last()).toEqual(['1', '2', '3']);
    limit = 0;
    rerender();
    expect(last()).toEqual([]);
  });

  it('make a safety number anew when a key on it is another one, and only then', () => {
    const safetyNumber = vi.fn((id?: string) => ({ digits: `number ${safetyNumber.mock.calls.length}`, of: id }));
    const fake = fakeRoom({ safetyNumber: safetyNumber as never });
    fake.store.putMember(member('grace'));
    let memberId: string | undefined = 'grace';
    const { change, last, rerender } = inFake(fake, () => useSafetyNumber(memberId));
    const calls = () => safetyNumber.mock.calls.length;
    expect(last()).toMatchObject({ of: 'grace' });
    const before = calls();
    change(() => fake.store.putMember(member('grace', { presence: 'away' })));
    change(() => fake.store.putMember(member('eve')));
    change(() => fake.store.putMessage(message('1')));
    expect(calls()).toBe(before);
    change(() => fake.store.putMember(member('grace', { deviceKey: 'another' })));
    expect([calls() > before, last()]).toEqual([true, safetyNumber.mock.results.at(-1)?.value]);
    memberId = undefined;
    rerender();
    expect(last()).toMatchObject({ of: undefined });
    const all = calls();
    change(() => fake.store.removeMember('eve'));
    expect(calls()).toBeGreaterThan(all);
    change(() => fake.end(hushError('CLOSED', 'over')));
    expect(last()).toBeUndefined();
  });

  it('wait with a safety number until it can be told', () => {
    let key = '';
    const fake = fakeRoom({
      safetyNumber: (() => {
        if (key === '') throw hushError('INVALID_STATE', 'the key has not come');
        return { digits: '1' };
      }) as never,
    });
    fake.store.putMember(member('grace', { deviceKey: key }));
    const { change, last } = inFake(fake, () => useSafetyNumber('grace'));
    expect(last()).toBeUndefined();
    key = 'key';
    change(() => fake.store.putMember(member('grace', { deviceKey: key })));
    expect(last()).toEqual({ digits: '1' });
  });

  it('hear of events in one iteration, whatever is rendered, and stop with the component', async () => {
    const fake = fakeRoom();
    let count = 0;
    const { rerender, unmount } = inFake(fake, () => useRoomEvent('expiry', () => count++));
    for (let round = 0; round < 3; round += 1) rerender();
    expect([fake.iterated, fake.iterations]).toEqual([1, 1]);
    fake.emit({ type: 'expiry', expiresAt: 1 });
    await act(turn);
    expect(count).toBe(1);
    unmount();
    fake.emit({ type: 'expiry', expiresAt: 2 });
    await turn();
    expect([count, fake.iterations, fake.subscriptions]).toEqual([1, 0, 0]);
  });

  it('have types that say what they give', () => {
    const Types = () => {
      expectTypeOf(useSafetyNumber('id')).toEqualTypeOf<SafetyNumber | undefined>();
      expectTypeOf(useSafetyNumber()).toEqualTypeOf<SafetyNumber | RoomSafetyNumber | undefined>();
      useRoomEvent('typing', (event) => expectTypeOf(event.typing).toEqualTypeOf<boolean>());
      // @ts-expect-error There is no such event.
      useRoomEvent('nothing', () => undefined);
      // @ts-expect-error One of both.
      void (<RoomProvider />);
      return null;
    };
    render(<RoomProvider room={fakeRoom().room}><Types /></RoomProvider>);
  });
});
