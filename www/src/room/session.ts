import type { Room, RoomEvent, RoomSnapshot } from 'hushroom/room';

import { announce } from '../lib/announce.ts';
import { explain } from '../lib/errors.ts';
import { formatBytes } from '../lib/format.ts';
import { createStore } from '../lib/store.ts';
import type { Readable } from '../lib/store.ts';
import { t } from '../strings.ts';
import { linkOf } from './invite.ts';
import { createShelf } from './shelf.ts';
import type { Shelf } from './shelf.ts';
import { adopt, reconcile } from './timeline.ts';
import type { TimelineItem } from './timeline.ts';

/** A line the person should read and may dismiss. */
export interface Notice {
  readonly id: number;
  readonly text: string;
}

/** A stay in a room: the room, and what the page makes of it. */
export interface Session {
  readonly room: Room;
  readonly link: string;
  readonly snapshot: Readable<RoomSnapshot>;
  readonly timeline: Readable<readonly TimelineItem[]>;
  readonly notices: Readable<readonly Notice[]>;
  readonly shelf: Shelf;
  /** Refuses a file that waits for an answer. */
  decline(id: string): void;
  /** Shows a line; the same line is not shown twice at a time. */
  notify(text: string): void;
  dismiss(id: number): void;
  leave(): Promise<void>;
}

/** Lines shown at once. */
const MOST_NOTICES = 3;

export function openSession(room: Room): Session {
  const timeline = createStore<readonly TimelineItem[]>([]);
  const notices = createStore<readonly Notice[]>([]);
  const ending = new AbortController();
  const offered = new Set<string>();
  let lastId = 0;

  const notify = (text: string) =>
    notices.update((all) =>
      all.some((notice) => notice.text === text) ? all : [...all, { id: ++lastId, text }].slice(-MOST_NOTICES),
    );
  const note = (text: string) =>
    timeline.update((items) => [...items, { kind: 'note', id: `note-${++lastId}`, at: Date.now(), text }]);
  const shelf = createShelf(room, {
    accepted: (transfer) =>
      timeline.update((items) => items.map((item) => (item.id === transfer.id ? adopt(item, transfer) : item))),
    received: ({ name }) => announce(t.file.announceDone(name)),
    failed: ({ name }, error) => announce(t.file.announceFailed(name, explain(error))),
  });

  const refresh = () => {
    const snapshot = room.getSnapshot();
    timeline.update((items) => reconcile(items, snapshot, Date.now()));
    for (const offer of snapshot.offers) {
      if (offered.has(offer.id)) continue;
      offered.add(offer.id);
      const size = offer.size === undefined ? t.file.unknownSize : formatBytes(offer.size);
      announce(t.file.announceOffer(offer.from.name, offer.name, size));
      shelf.preview(offer);
    }
  };
  const unsubscribe = room.subscribe(refresh);
  refresh();

  const onEvent = (event: RoomEvent) => {
    if (event.type === 'member-joined') note(t.log.joined(event.member.name));
    else if (event.type === 'member-left') note(t.log.left(event.member.name));
    else if (event.type === 'status') announce(t.status[event.status]);
    // What came twice was dropped, and nobody needs to do anything about it.
    else if (event.type === 'error' && event.error.code !== 'REPLAYED') notify(explain(event.error));
  };
  const listen = async () => {
    try {
      for await (const event of room.events({ signal: ending.signal })) onEvent(event);
    } catch (error) {
      if (!ending.signal.aborted) notify(explain(error));
    }
  };
  void listen();

  return {
    room,
    link: linkOf(room.code),
    snapshot: { get: () => room.getSnapshot(), subscribe: (listener) => room.subscribe(listener) },
    timeline,
    notices,
    shelf,
    decline(id) {
      const offer = room.getSnapshot().offers.find((candidate) => candidate.id === id);
      // Noted first: the room drops the offer at once, and only we know that it was not withdrawn.
      timeline.update((items) =>
        items.map((item) => (item.kind === 'file' && item.id === id ? { ...item, refused: 'declined' } : item)),
      );
      offer?.decline();
    },
    notify,
    dismiss: (id) => notices.update((all) => all.filter((notice) => notice.id !== id)),
    async leave() {
      ending.abort();
      unsubscribe();
      await room.close();
      shelf.dispose();
    },
  };
}
