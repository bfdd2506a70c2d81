import { act, cleanup, screen } from '@testing-library/react';
import { StrictMode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, it, vi } from 'vitest';

import {
  RoomProvider, useFileDrop, useFileTransfers, useMembers, useMessages, useRoom, useRoomEvent, useRoomStatus, useSafetyNumber, useTyping,
} from '../../js/react/index.js';
import { fakeRoom, member, message } from '../js/fake-room.js';
import { atAdas, complaints } from './rooms.js';

afterEach(cleanup);

/** Every hook there is. */
function Everything() {
  const { offers, transfers } = useFileTransfers();
  useRoomEvent('message', () => undefined);
  const told = {
    room: useRoom() !== undefined,
    status: useRoomStatus().status,
    members: useMembers().map(({ name }) => name),
    messages: [useMessages().length, useMessages({ limit: 1 }).length],
    typing: useTyping().length,
    files: [offers.length, transfers.length],
    safety: [useSafetyNumber() !== undefined, useSafetyNumber('grace') !== undefined],
    isOver: useFileDrop().isOver,
  };
  return <p>{JSON.stringify(told)}</p>;
}

const NOTHING = {
  room: false, status: 'connecting', members: [], messages: [0, 0], typing: 0, files: [0, 0], safety: [false, false], isOver: false,
};

/** Lets a browser take over what a server has rendered; what it complains of fails the test. */
async function hydrate(html: string, tree: React.ReactNode, then: () => Promise<unknown>) {
  const quiet = complaints();
  const recovered = vi.fn();
  document.body.innerHTML = `<div id="root">${html}</div>`;
  const container = document.getElementById('root') as HTMLElement;
  const root = await act(() => hydrateRoot(container, tree, { onRecoverableError: recovered }));
  await then();
  act(() => root.unmount());
  expect(recovered.mock.calls).toEqual([]);
  quiet();
}

const textOf = (html: string) => JSON.parse(new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '') as unknown;

it('a server opens nothing, and a browser takes over what it has rendered', () =>
  atAdas(async ({ open, adaSees, left }) => {
    const tree = <StrictMode><RoomProvider open={open}><Everything /></RoomProvider></StrictMode>;
    const html = renderToString(tree);
    expect(textOf(html)).toEqual(NOTHING);
    expect(open).not.toHaveBeenCalled();
    await hydrate(html, tree, () => screen.findByText(/"status":"open","members":\["Grace","Ada"\]/));
    await adaSees.until(() => left().includes('Grace'), 'Grace leaving');
    expect(open).toHaveBeenCalledTimes(1);
  }));

it('a room that is open in the browser already makes no difference to what the server says', async () => {
  const { room, store } = fakeRoom();
  store.putMember(member('grace'));
  store.putMessage(message('1'));
  const tree = <RoomProvider room={room}><Everything /></RoomProvider>;
  const html = renderToString(tree);
  expect(textOf(html)).toEqual(NOTHING);
  await hydrate(html, tree, () => screen.findByText(/"status":"open","members":\["ada","grace"\],"messages":\[1,1\]/));
});
