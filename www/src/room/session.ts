import type { FileOffer, Room, RoomEvent, RoomSnapshot, Transfer } from 'hushroom/room';

import { announce } from '../lib/announce.ts';
import { explain, explainTransfer } from '../lib/errors.ts';
import { formatBytes, formatClock } from '../lib/format.ts';
import { createStore } from '../lib/store.ts';
import type { Readable } from '../lib/store.ts';
import { t } from '../strings.ts';
import { isForTwo, linkOf } from './invite.ts';
import { createShelf } from './shelf.ts';
import type { Shelf } from './shelf.ts';
import { adopt, reconcile } from './timeline.ts';
import type { TimelineItem } from './timeline.ts';
import { createTrust } from './trust.ts';
import type { Trust } from './trust.ts';

/** A line the person should read and may dismiss. */
export interface Notice {
  readonly id: number;
  readonly text: string;
}

/** A stay in a room: the room, and what the page makes of it. */
export interface Session {
  readonly room: Room;
  readonly link: string;
  /** Whether the room is for two, by its code: the relay has no say in it. */
  readonly forTwo: boolean;
  readonly snapshot: Readable<RoomSnapshot>;
  readonly timeline: Readable<readonly TimelineItem[]>;
  readonly notices: Readable<readonly Notice[]>;
  readonly shelf: Shelf;
  readonly trust: Trust;
  /** Who was invited from the directory, if anybody was. */
  readonly invited: string | undefined;
  /** Refuses a file that waits for an answer. */
  decline(id: string): void;
  /** Shows a line; the same line is not shown twice at a time. */
  notify(text: string): void;
  dismiss(id: number): void;
  leave(): Promise<void>;
}

/** Lines shown at once. */
const MOST_NOTICES = 3;
/** Voice messages longer than this vanish as if they were as long: a sender may say anything. */
const MOST_VOICE_SECONDS = 300;
/** Messages that vanish within this are told of together. */
const VANISHED_MS = 1500;

function tellOf({ from, name, size, voiceSeconds }: FileOffer): string {
  if (voiceSeconds !== undefined) return t.voice.announce(from.name, formatClock(voiceSeconds));
  return t.file.announceOffer(from.name, name, size === undefined ? t.file.unknownSize : formatBytes(size));
}

/** @param invited - Who was invited from the directory, to be waited for. */
export function openSession(room: Room, invited?: string): Session {
  const timeline = createStore<readonly TimelineItem[]>([]);
  const notices = createStore<readonly Notice[]>([]);
  const ending = new AbortController();
  const offered = new Set<string>();
  let lastId = 0;
  let vanished = 0;
  const gone = new Set<string>();
  const timers = new Set<ReturnType<typeof setTimeout>>();

  const notify = (text: string) =>
    notices.update((all) =>
      all.some((notice) => notice.text === text) ? all : [...all, { id: ++lastId, text }].slice(-MOST_NOTICES),
    );
  const note = (text: string) =>
    timeline.update((items) => [...items, { kind: 'note', id: `note-${++lastId}`, at: Date.now(), text }]);
  const trust = createTrust(room, { note, notify });
  const shelf = createShelf(room, {
    accepted: (transfer) =>
      timeline.update((items) => items.map((item) => (item.id === transfer.id ? adopt(item, transfer) : item))),
    received(transfer) {
      if (transfer.voiceSeconds === undefined) announce(t.file.announceDone(transfer.name));
      forgetLater(transfer);
    },
    delivered: (transfer) => forgetLater(transfer),
    failed: ({ name }, error) => announce(t.file.announceFailed(name, explainTransfer(error))),
  });

  const refresh = () => {
    const snapshot = room.getSnapshot();
    timeline.update((items) => reconcile(items, snapshot, Date.now(), gone));
    for (const offer of snapshot.offers) {
      if (offered.has(offer.id)) continue;
      offered.add(offer.id);
      announce(tellOf(offer));
      shelf.preview(offer);
    }
  };
  const unsubscribe = room.subscribe(refresh);
  refresh();

  const tellVanished = () => {
    vanished += 1;
    if (vanished > 1) return;
    setTimeout(() => {
      announce(t.vanish.announce(vanished));
      vanished = 0;
    }, VANISHED_MS);
  };

  /** In a room that forgets, a voice message goes as a text does, once it could have been heard. */
  const forgetLater = ({ id, voiceSeconds }: Transfer) => {
    const { ephemeralSeconds } = room.getSnapshot();
    if (voiceSeconds === undefined || ephemeralSeconds === 0) return;
    const leftMs = (ephemeralSeconds + Math.min(voiceSeconds, MOST_VOICE_SECONDS)) * 1000;
    const removedAt = Date.now() + leftMs;
    timeline.update((items) => items.map((item) => (item.id === id ? { ...item, removedAt } : item)));
    const timer = setTimeout(() => {
      timers.delete(timer);
      gone.add(id);
      timeline.update((items) => items.filter((item) => item.id !== id));
      shelf.forget(id);
      tellVanished();
    }, leftMs);
    timers.add(timer);
  };

  const onEvent = (event: RoomEvent) => {
    if (trust.onEvent(event)) return;
    if (event.type === 'member-joined') note(t.log.joined(event.member.name));
    else if (event.type === 'member-left') note(t.log.left(event.member.name));
    else if (event.type === 'status') announce(t.status[event.status]);
    else if (event.type === 'message-expired') tellVanished();
    else if (event.type === 'member-key' && event.changed) {
      note(t.key.note(event.member.name));
      notify(t.key.changed(event.member.name));
    }
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
    forTwo: isForTwo(room.code),
    snapshot: { get: () => room.getSnapshot(), subscribe: (listener) => room.subscribe(listener) },
    timeline,
    notices,
    shelf,
    trust,
    invited,
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
      timers.forEach(clearTimeout);
      await room.close();
      shelf.dispose();
    },
  };
}
