import { act, cleanup, configure, createEvent, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { createRoom, joinRoom, type Room } from 'hushroom/room';
import { StrictMode, version } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Chat } from './chat';

configure({ asyncUtilTimeout: 20_000 });

const relay = process.env.RELAY!;
let ada: Room;
let events: string[];

beforeEach(async () => {
  vi.spyOn(console, 'error');
  ada = await createRoom({ relay, name: 'Ada' });
  events = [];
  void (async () => {
    for await (const event of ada.events()) if ('member' in event) events.push(`${event.type} ${event.member.name}`);
  })();
});
afterEach(async () => {
  cleanup();
  await ada.close();
  expect(vi.mocked(console.error).mock.calls).toEqual([]);
});

const opening = () => vi.fn(({ signal }: { signal: AbortSignal }) => joinRoom({ relay, code: ada.code, name: 'Grace', signal }));

it('is React 18', () => expect(version).toMatch(/^18\./));

it('joins once in Strict Mode, talks, sends a file, and leaves once', async () => {
  const open = opening();
  const heard: string[] = [];
  const { unmount } = render(<StrictMode><Chat open={open} onMessage={(text) => heard.push(text)} /></StrictMode>);
  await screen.findByText('open Grace Ada');
  screen.getByText('Send').click();
  await screen.findByText('from the page');
  await act(async () => void (await ada.send('from Ada')));
  await screen.findByText('from Ada');
  await waitFor(() => expect(heard).toEqual(['from Ada']));
  const grace = ada.members.find(({ self }) => !self)!;
  expect(screen.getByText(ada.safetyNumber(grace.id).digits)).toBeDefined();

  const file = new File(['dropped'], 'a.txt');
  const zone = screen.getByRole('main');
  const drop = createEvent.drop(zone, { dataTransfer: { types: ['Files'], items: [], files: [file] } });
  fireEvent(zone, drop);
  expect(drop.defaultPrevented).toBe(true);
  await screen.findByText(/a.txt waiting/);

  unmount();
  await waitFor(() => expect(events).toContain('member-left Grace'));
  expect(events.filter((event) => event !== 'member-presence Grace')).toEqual(['member-joined Grace', 'member-left Grace']);
  expect(open).toHaveBeenCalledTimes(1);
});

it('is taken over from a server without a difference', async () => {
  const open = opening();
  const recovered = vi.fn();
  const tree = <StrictMode><Chat open={open} onMessage={() => undefined} /></StrictMode>;
  document.body.innerHTML = `<div id="root">${renderToString(tree)}</div>`;
  expect(document.body.textContent).toMatch(/^connecting/);
  expect(open).not.toHaveBeenCalled();
  const root = await act(async () => hydrateRoot(document.getElementById('root')!, tree, { onRecoverableError: recovered }));
  await screen.findByText('open Grace Ada');
  act(() => root.unmount());
  await waitFor(() => expect(events).toContain('member-left Grace'));
  expect(recovered).not.toHaveBeenCalled();
  expect(open).toHaveBeenCalledTimes(1);
});
