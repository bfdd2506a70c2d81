import { act, cleanup, render, screen } from '@testing-library/react';
import { Activity, Component, StrictMode, type ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { hushError } from '../../js/errors.js';
import type { Room } from '../../js/room/index.js';
import {
  RoomProvider, useFileDrop, useFileTransfers, useMembers, useMessages, useRoom, useRoomEvent, useRoomStatus, useSafetyNumber, useTyping,
} from '../../js/react/index.js';
import { fakeRoom, gate, turn } from '../js/fake-room.js';
import { atAdas, complaints, marker } from './rooms.js';

let quiet: () => void;
beforeEach(() => {
  quiet = complaints();
});
afterEach(() => {
  cleanup();
  quiet();
});

function Status() {
  const { status, error } = useRoomStatus();
  return <p>{error === undefined ? status : `${status}: ${String(error)}`}</p>;
}

const settled = () => act(turn);

describe('a provider', () => {
  it('joins exactly once in Strict Mode, and leaves once', () =>
    atAdas(async (meeting) => {
      const { open, adaSees, came, left } = meeting;
      const { unmount } = render(<StrictMode><RoomProvider open={open}><Status /></RoomProvider></StrictMode>);
      expect(screen.getByText('connecting')).toBeDefined();
      await screen.findByText('open');
      await marker(meeting);
      expect([open.mock.calls.length, came()]).toEqual([1, ['Grace', 'Marker']]);
      const room = (await open.mock.results[0]?.value) as Room;
      const close = vi.spyOn(room, 'close');
      unmount();
      await adaSees.until(() => left().includes('Grace'), 'Grace leaving');
      expect([close.mock.calls.length, room.status, left()]).toEqual([1, 'closed', ['Marker', 'Grace']]);
    }));

  it('unmounted while it connects gives up, and nobody comes', () =>
    atAdas(async (meeting) => {
      const { unmount } = render(<RoomProvider open={meeting.open}><Status /></RoomProvider>);
      unmount();
      await turn();
      await expect(meeting.open.mock.results[0]?.value).rejects.toMatchObject({ name: 'AbortError' });
      expect(meeting.open.mock.calls[0]?.[0].signal.aborted).toBe(true);
      await marker(meeting);
      expect(meeting.came()).toEqual(['Marker']);
    }));

  it('unmounted while an open runs that does not heed its signal closes what comes of it', async () => {
    const fake = fakeRoom();
    const { promise, open } = gate<Room>();
    const { unmount } = render(<RoomProvider open={() => promise}><Status /></RoomProvider>);
    unmount();
    await turn();
    open(fake.room);
    await turn();
    expect(fake.closed).toBe(1);
  });

  it('shows why it failed, and another key tries once more', async () => {
    const fake = fakeRoom();
    const open = vi.fn(() => Promise.reject<Room>(hushError('ROOM_FULL', 'full')));
    const { rerender } = render(<RoomProvider key={1} open={open}><Status /></RoomProvider>);
    await screen.findByText('failed: HushError: full');
    rerender(<RoomProvider key={2} open={() => Promise.resolve(fake.room)}><Status /></RoomProvider>);
    expect(screen.getByText('connecting')).toBeDefined();
    await screen.findByText('open');
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('shows what an open that throws has thrown', async () => {
    render(<RoomProvider open={() => { throw new TypeError('wrong'); }}><Status /></RoomProvider>);
    await screen.findByText('failed: TypeError: wrong');
  });

  it('does not open again for another function', async () => {
    const fake = fakeRoom();
    const first = vi.fn(() => Promise.resolve(fake.room));
    const second = vi.fn(() => Promise.resolve(fake.room));
    const { rerender } = render(<RoomProvider open={first}><Status /></RoomProvider>);
    rerender(<RoomProvider open={second}><Status /></RoomProvider>);
    await screen.findByText('open');
    expect([first.mock.calls.length, second.mock.calls.length, fake.closed]).toEqual([1, 0, 0]);
  });

  it('that is hidden leaves the room, and comes back by its latest function', async () => {
    const [one, other] = [fakeRoom(), fakeRoom()];
    const tree = (mode: 'visible' | 'hidden', { room }: { room: Room }) => (
      <Activity mode={mode}><RoomProvider open={() => Promise.resolve(room)}><Status /></RoomProvider></Activity>
    );
    const { rerender } = render(tree('visible', one));
    await screen.findByText('open');
    rerender(tree('hidden', other));
    await settled();
    expect([one.closed, other.closed]).toEqual([1, 0]);
    rerender(tree('visible', other));
    await screen.findByText('open');
    expect([one.closed, other.closed, other.subscriptions > 0]).toEqual([1, 0, true]);
  });

  it('does not close a room that was handed in, and follows another one', async () => {
    const [one, other] = [fakeRoom(), fakeRoom()];
    const { rerender, unmount } = render(<StrictMode><RoomProvider room={one.room}><Status /></RoomProvider></StrictMode>);
    expect(screen.getByText('open')).toBeDefined();
    act(() => {
      one.store.setStatus('reconnecting');
      one.store.flush();
    });
    expect(screen.getByText('reconnecting')).toBeDefined();
    rerender(<StrictMode><RoomProvider room={other.room}><Status /></RoomProvider></StrictMode>);
    expect(screen.getByText('open')).toBeDefined();
    unmount();
    await settled();
    expect([one, other].map(({ closed, subscriptions }) => [closed, subscriptions])).toEqual([[0, 0], [0, 0]]);
  });

  it('shows why its room has ended', async () => {
    const fake = fakeRoom();
    render(<RoomProvider open={() => Promise.resolve(fake.room)}><Status /></RoomProvider>);
    await screen.findByText('open');
    act(() => fake.end(hushError('ROOM_EXPIRED', 'expired')));
    expect(screen.getByText('closed: HushError: expired')).toBeDefined();
  });

  it('is apart from others, also from one around it', async () => {
    const [one, other] = [fakeRoom(), fakeRoom()];
    other.store.setStatus('reconnecting');
    render(
      <RoomProvider room={one.room}>
        <Status />
        <RoomProvider open={() => Promise.resolve(other.room)}><Status /></RoomProvider>
      </RoomProvider>,
    );
    await screen.findByText('reconnecting');
    expect(screen.getByText('open')).toBeDefined();
    cleanup();
    await turn();
    expect([one.closed, other.closed]).toEqual([0, 1]);
  });
});

describe('what is wrong', () => {
  class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
    override state: { error?: Error } = {};
    static getDerivedStateFromError(error: Error) {
      return { error };
    }
    override render() {
      const { error } = this.state;
      return error === undefined ? this.props.children : <p>{`${error.name}: ${error.message}`}</p>;
    }
  }

  /** React tells of what boundaries catch. */
  function caught(children: ReactNode) {
    vi.mocked(console.error).mockClear();
    render(<Boundary>{children}</Boundary>);
    vi.mocked(console.error).mockClear();
    return document.body.textContent;
  }

  it.each<[string, () => unknown]>([
    ['useRoom', useRoom],
    ['useRoomStatus', useRoomStatus],
    ['useMessages', useMessages],
    ['useMembers', useMembers],
    ['useTyping', useTyping],
    ['useFileTransfers', useFileTransfers],
    ['useFileDrop', useFileDrop],
    ['useSafetyNumber', useSafetyNumber],
    ['useRoomEvent', () => useRoomEvent('message', () => undefined)],
  ])('%s outside a provider says so', (_, use) => {
    const Lost = () => (use(), null);
    expect(caught(<Lost />)).toBe('Error: hooks of hushroom/react work only in components inside a <RoomProvider>');
  });

  it.each([[{}], [{ open: () => Promise.reject(new Error('not called')), room: fakeRoom().room }]])('a provider takes one source: %#', (props) => {
    expect(caught(<RoomProvider {...(props as { room: Room })} />)).toBe('TypeError: RoomProvider takes either open or room');
  });

  it.each([
    [{ room: null }, 'room must be a room, from createRoom or joinRoom'],
    [{ room: {} }, 'room must be a room, from createRoom or joinRoom'],
    [{ open: null }, 'open must be a function'],
    [{ open: Promise.resolve() }, 'open must be a function'],
  ])('a provider takes nothing else: %#', (props, message) => {
    expect(caught(<RoomProvider {...(props as unknown as { room: Room })} />)).toBe(`TypeError: ${message}`);
  });

  it.each([-1, 0.5, '3'])('a limit of %j', (limit) => {
    const Messages = () => <p>{useMessages({ limit: limit as number }).length}</p>;
    expect(caught(<RoomProvider room={fakeRoom().room}><Messages /></RoomProvider>)).toMatch(/^(Type|Range)Error: limit must be a/);
  });
});
