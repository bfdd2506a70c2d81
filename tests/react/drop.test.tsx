import { act, cleanup, createEvent, fireEvent, render, screen } from '@testing-library/react';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { hushError } from '../../js/errors.js';
import type { OutgoingTransfer } from '../../js/room/index.js';
import { RoomProvider, useFileDrop, type FileDropOptions } from '../../js/react/index.js';
import { fakeRoom } from '../js/fake-room.js';
import { complaints } from './rooms.js';

let quiet: () => void;
beforeEach(() => {
  quiet = complaints();
});
afterEach(() => {
  cleanup();
  quiet();
});

const dropped = [new File(['a'], 'a.txt'), new File(['b'], 'b.txt')];

/** A drag of these files, as a browser tells of it. */
function drag(files: readonly File[] = dropped) {
  const items = files.map((file) => ({ kind: 'file', getAsFile: () => file, webkitGetAsEntry: () => ({ isDirectory: false }) }));
  return { dataTransfer: { types: ['Files'], items, files, dropEffect: 'none' } };
}

function setup(options: FileDropOptions = {}) {
  const sendFile = vi.fn((_: unknown) => ({}) as OutgoingTransfer);
  const fake = fakeRoom({ sendFile });
  const given: object[] = [];
  function Zone(props: FileDropOptions) {
    const { isOver, dropProps } = useFileDrop(props);
    given.push(dropProps);
    return <div data-testid="zone" {...dropProps}><p>{isOver ? 'let go' : 'drop here'}</p></div>;
  }
  const tree = (props: FileDropOptions) => <StrictMode><RoomProvider room={fake.room}><Zone {...props} /></RoomProvider></StrictMode>;
  const { rerender } = render(tree(options));
  return { fake, sendFile, given, zone: screen.getByTestId('zone'), again: (props: FileDropOptions) => rerender(tree(props)) };
}

const says = (text: string) => expect(screen.getByText(text)).toBeDefined();

it('files that are dropped are sent, one by one', () => {
  const { zone, sendFile } = setup();
  fireEvent.dragEnter(zone, drag());
  says('let go');
  fireEvent.dragEnter(screen.getByText('let go'), drag());
  fireEvent.dragLeave(zone, drag());
  says('let go');
  fireEvent.drop(zone, drag());
  says('drop here');
  expect(sendFile.mock.calls).toEqual(dropped.map((file) => [file]));
});

it('files that go away again are not', () => {
  const { zone, sendFile } = setup();
  fireEvent.dragEnter(zone, drag());
  fireEvent.dragOver(zone, drag());
  fireEvent.dragLeave(zone, drag());
  says('drop here');
  expect(sendFile).not.toHaveBeenCalled();
});

it('what cannot be sent is told, by the handlers of the latest render', () => {
  const [before, now] = [vi.fn(), vi.fn()];
  const { zone, sendFile, again, given } = setup({ onError: before });
  const refuse = hushError('INVALID_STATE', 'nobody else is here');
  sendFile.mockImplementationOnce(() => { throw refuse; });
  again({ onError: now });
  fireEvent.drop(zone, drag());
  expect([before.mock.calls, now.mock.calls]).toEqual([[], [[refuse, dropped[0]]]]);
  expect(sendFile).toHaveBeenCalledTimes(2);
  expect(given.at(-1)).toBe(given.at(-2));
});

it('onFiles has them instead', () => {
  const onFiles = vi.fn();
  const { zone, sendFile } = setup({ onFiles });
  fireEvent.drop(zone, drag());
  expect([onFiles.mock.calls, sendFile.mock.calls]).toEqual([[[dropped]], []]);
});

it('one inside another has its files alone', () => {
  const fake = fakeRoom();
  const [outer, inner] = [vi.fn(), vi.fn()];
  function Zone({ onFiles, children }: { onFiles: (files: File[]) => void; children?: ReactNode }) {
    return <div {...useFileDrop({ onFiles }).dropProps}>{children ?? 'inside'}</div>;
  }
  render(<RoomProvider room={fake.room}><Zone onFiles={outer}><Zone onFiles={inner} /></Zone></RoomProvider>);
  fireEvent.drop(screen.getByText('inside'), drag());
  expect([inner.mock.calls, outer.mock.calls]).toEqual([[[dropped]], []]);
});

it('where it is disabled, and in a closed room, a drop does nothing at all', () => {
  const { fake, zone, sendFile, again } = setup({ disabled: true });
  const refused = () => {
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      const event = createEvent[type](zone, drag());
      fireEvent(zone, event);
      // Else the browser would open the file.
      expect(event.defaultPrevented).toBe(true);
      says('drop here');
    }
    expect(sendFile).not.toHaveBeenCalled();
  };
  refused();
  again({});
  fireEvent.dragEnter(zone, drag());
  says('let go');
  act(() => fake.end(hushError('CLOSED', 'over')));
  refused();
});

it('text is none of its business', () => {
  const { zone } = setup();
  const event = createEvent.dragOver(zone, { dataTransfer: { types: ['text/plain'], items: [], files: [] } });
  fireEvent(zone, event);
  expect(event.defaultPrevented).toBe(false);
});
