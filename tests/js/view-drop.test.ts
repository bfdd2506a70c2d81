import { afterEach, describe, expect, it, vi } from 'vitest';

import { hushError } from '../../js/errors.js';
import type { OutgoingTransfer } from '../../js/room/index.js';
import { createDropZone, sendFiles } from '../../js/view/index.js';
import type { FileDragEvent } from '../../js/view/index.js';
import { fakeRoom, uncaught } from './fake-room.js';

afterEach(() => vi.unstubAllGlobals());

describe('a drop zone', () => {
  const file = new File(['x'], 'x.txt');
  const [outer, inner] = [new EventTarget(), new EventTarget()];
  const entry = (isDirectory: boolean) => () => ({ isDirectory }) as FileSystemEntry;
  const item = (given: File | null, kind = 'file', webkitGetAsEntry?: () => FileSystemEntry | null) =>
    ({ kind, getAsFile: () => given, webkitGetAsEntry }) as DataTransferItem;

  function drag(target: EventTarget, { types = ['Files'], items = [item(file)], files = [] as File[], none = false, defaultPrevented = false } = {}) {
    let prevented = false;
    const dataTransfer = none ? null : ({ types, items, files, dropEffect: 'none' } as unknown as DataTransfer);
    const event: FileDragEvent = { dataTransfer, target, defaultPrevented, preventDefault: () => (prevented = true) };
    return { event, result: () => [prevented, dataTransfer?.dropEffect] };
  }

  function setup() {
    const host = { can: true, changes: [] as boolean[], dropped: [] as File[][] };
    const zone = createDropZone({
      canDrop: () => host.can,
      onChange: () => host.changes.push(zone.isOver),
      onFiles: (files) => host.dropped.push(files),
    });
    const send = (type: 'enter' | 'over' | 'leave' | 'drop', target = outer, options?: Parameters<typeof drag>[1]) => {
      const { event, result } = drag(target, options);
      zone[type](event);
      return result();
    };
    return { host, zone, send };
  }

  it('knows whether files are over it, whatever is inside', () => {
    const { host, send } = setup();
    expect(send('enter')).toEqual([true, 'copy']);
    send('enter', inner);
    send('leave', outer);
    send('enter', outer);
    send('leave', inner);
    expect(send('over')).toEqual([true, 'copy']);
    expect(host.changes).toEqual([true]);
    send('leave', outer);
    expect(host.changes).toEqual([true, false]);
  });

  it('forgets an element that went away under the pointer', () => {
    const { host, send } = setup();
    send('enter', outer);
    send('enter', inner);
    send('leave', outer);
    // The inner one is removed: the outer one is entered, and of the inner one nothing is heard any more.
    send('enter', outer);
    send('leave', outer);
    expect(host.changes).toEqual([true, false]);
  });

  it('gives the files, once, and is not under them any more', () => {
    const { host, zone, send } = setup();
    send('enter');
    expect(send('drop')[0]).toBe(true);
    expect([host.dropped, zone.isOver]).toEqual([[[file]], false]);
  });

  it('leaves what something inside has taken', () => {
    const { host, zone, send } = setup();
    send('enter');
    send('drop', inner, { defaultPrevented: true });
    expect([host.dropped, zone.isOver]).toEqual([[], false]);
  });

  it('leaves out folders, texts and what cannot be read', () => {
    const { host, send } = setup();
    const items = [item(file, 'file', entry(false)), item(file, 'file', entry(true)), item(null, 'file'), item(file, 'string'), item(file, 'file', () => null)];
    send('drop', outer, { items });
    expect(host.dropped).toEqual([[file, file]]);
    send('drop', outer, { items: [item(file, 'file', entry(true))], files: [file] });
    expect(host.dropped).toHaveLength(1);
    send('drop', outer, { items: [], files: [file] });
    expect(host.dropped[1]).toEqual([file]);
  });

  it.each([{ types: ['text/plain'] }, { none: true }])('leaves what is no file to others: %j', (options) => {
    const { host, send } = setup();
    for (const type of ['enter', 'over', 'drop'] as const) expect(send(type, outer, options)[0]).toBe(false);
    expect([host.changes, host.dropped]).toEqual([[], []]);
  });

  it('that takes nothing keeps the browser from showing the file instead of the page', () => {
    const { host, send } = setup();
    host.can = false;
    for (const type of ['enter', 'over', 'drop'] as const) expect(send(type)).toEqual([true, 'none']);
    expect([host.changes, host.dropped]).toEqual([[], []]);
  });

  it('hears while files are over it that it takes them now, or no more', () => {
    const { host, send } = setup();
    host.can = false;
    send('enter');
    host.can = true;
    send('over');
    host.can = false;
    expect(send('over')).toEqual([true, 'none']);
    expect(host.changes).toEqual([true, false]);
  });

  it('sends each file, whatever becomes of the others', () => {
    const sent: unknown[] = [];
    const refuse = hushError('TOO_LARGE', 'too large');
    const { room } = fakeRoom({
      sendFile(source) {
        if (sent.length === 0 && sent.push('refused')) throw refuse;
        sent.push(source);
        return {} as OutgoingTransfer;
      },
    });
    const onError = vi.fn();
    sendFiles(room, [file, file], onError);
    expect(sent).toEqual(['refused', file]);
    expect(onError.mock.calls).toEqual([[refuse, file]]);
    const errors = uncaught();
    sent.length = 0;
    sendFiles(room, [file]);
    expect(errors).toEqual([refuse]);
  });
});
