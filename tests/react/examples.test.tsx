import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { transform } from 'esbuild';
import { readdirSync, readFileSync } from 'node:fs';
import { createElement, StrictMode, type ComponentType } from 'react';
import * as jsx from 'react/jsx-runtime';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';

import { hushError } from '../../js/errors.js';
import * as hushroomReact from '../../js/react/index.js';
import * as hushroomRoom from '../../js/room/index.js';
import type { FileOffer, OutgoingTransfer, Room } from '../../js/room/index.js';
import { fakeRoom, member, message, turn } from '../js/fake-room.js';
import { complaints } from './rooms.js';

type Components = Record<string, ComponentType<Record<string, unknown>>>;

let quiet: () => void;
beforeEach(() => {
  quiet = complaints();
});
afterEach(() => {
  cleanup();
  quiet();
});

const folder = 'js/react';
/** The examples in its documentation, by the components that they export. */
const examples = new Map(
  readdirSync(folder).flatMap((file) => {
    const text = readFileSync(`${folder}/${file}`, 'utf8').replace(/^ *\* ?/gm, '');
    return [...text.matchAll(/^```tsx\n(.*?)^```$/gms)].map(([, code = '']) => [/export function (\w+)/.exec(code)?.[1] ?? '', code] as const);
  }),
);

/** Runs an example as a module, with the package in the place of what it imports. */
async function load(name: string, room: Partial<typeof hushroomRoom> = {}) {
  const { code } = await transform(examples.get(name) ?? '', { loader: 'tsx', jsx: 'automatic', format: 'cjs' });
  const modules: Record<string, object> = { 'hushroom/react': hushroomReact, 'hushroom/room': { ...hushroomRoom, ...room }, 'react/jsx-runtime': jsx };
  const module = { exports: {} as Components };
  new Function('require', 'module', code)((from: string) => modules[from], module);
  const component = module.exports[name];
  if (component === undefined) throw new Error(`no example exports ${name}`);
  return component;
}

/** Shows an example in a room of two. */
async function show(name: string, props: Record<string, unknown> = {}, methods: Partial<Room> = {}) {
  const fake = fakeRoom({ safetyNumber: (() => ({ digits: '1234567890' })) as never, ...methods });
  fake.store.putMember(member('grace'));
  fake.store.putMessage(message('1'));
  const component = await load(name);
  render(<StrictMode><hushroomReact.RoomProvider room={fake.room}>{createElement(component, props)}</hushroomReact.RoomProvider></StrictMode>);
  const change = (action: () => void) => act(() => (action(), fake.store.flush()));
  return { ...fake, change, text: () => document.body.textContent };
}

it('there is one for each of the exports', () => {
  const used = [...examples.values()].join();
  for (const name of Object.keys(hushroomReact)) expect(used, name).toContain(name);
});

describe('the example of', () => {
  it('RoomProvider joins a real room', async () => {
    const relay = inject('relayUrl');
    const ada = await hushroomRoom.createRoom({ relay, name: 'Ada' });
    // Its relay is the one of a reader's machine.
    const Chat = await load('Chat', { joinRoom: (options) => hushroomRoom.joinRoom({ ...options, relay }) });
    render(<Chat code={ada.code} />);
    await waitFor(() => expect(ada.members).toHaveLength(2));
    await act(async () => void (await ada.send('hello')));
    expect(await screen.findByText('Ada: hello')).toBeDefined();
    await ada.close();
  });

  it('useRoom sends', async () => {
    const send = vi.fn(() => Promise.resolve(message('2')));
    await show('Wave', {}, { send });
    screen.getByText('Wave').click();
    expect(send.mock.calls).toEqual([['👋']]);
  });

  it('useRoomStatus says why a room has ended', async () => {
    const { change, end, text } = await show('Status');
    expect(text()).toBe('open');
    change(() => end(hushError('ROOM_EXPIRED', 'the time is over')));
    expect(text()).toBe('the time is over');
  });

  it.each([['Messages', 'grace: text 1'], ['Members', 'ada (you), grace']])('%s shows them', async (name, expected) => {
    expect((await show(name)).text()).toBe(expected);
  });

  it('useTyping names who does', async () => {
    const { change, store, text } = await show('Typing');
    expect(text()).toBe('');
    change(() => store.setTyping('grace', true));
    expect(text()).toBe('grace typing');
    store.dispose();
  });

  it('useFileTransfers accepts', async () => {
    const { change, store, text } = await show('Files');
    const accept = vi.fn();
    change(() => {
      store.putOffer({ id: '1', name: 'a.txt', accept } as unknown as FileOffer);
      const progress = { state: 'running' as const, bytes: 1, total: 2, rate: 0, secondsLeft: undefined };
      store.putTransfer({ id: '2', name: 'b.txt', progress } as OutgoingTransfer);
    });
    expect(text()).toBe('a.txt Acceptb.txt: running ');
    screen.getByText('Accept').click();
    expect(accept.mock.calls).toEqual([[]]);
    expect(screen.getByRole('progressbar')).toMatchObject({ value: 1, max: 2 });
  });

  it('useSafetyNumber shows its groups', async () => {
    expect((await show('SafetyNumber', { memberId: 'grace' })).text()).toBe('12345 67890');
  });

  it('useRoomEvent hears of messages', async () => {
    const { emit } = await show('Title');
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    emit({ type: 'message', message: message('2'), fromSelf: false });
    await act(turn);
    expect(document.title).toBe('grace has written');
  });

  it('useFileDrop sends what is dropped', async () => {
    const sendFile = vi.fn();
    await show('DropZone', {}, { sendFile });
    const file = new File(['x'], 'x.txt');
    fireEvent.drop(screen.getByText('Drop files here'), { dataTransfer: { types: ['Files'], items: [], files: [file] } });
    expect(sendFile.mock.calls).toEqual([[file]]);
  });
});
