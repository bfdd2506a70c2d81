import { saveFile } from 'hushroom/room';
import type { FileOffer, IncomingTransfer, OutgoingTransfer, Room, SendFileOptions, Transfer } from 'hushroom/room';

import { isAbort } from '../lib/errors.ts';
import { createStore } from '../lib/store.ts';
import type { Readable } from '../lib/store.ts';
import { isVoice } from '../voice/clip.ts';
import type { Clip } from '../voice/clip.ts';
import { isImage, isPreviewable } from './images.ts';
import { memorySink, take } from './sinks.ts';

/** Pictures and voice messages up to here are fetched without asking, */
const UNASKED_BYTES = 2 * 1024 * 1024;
/** in an Arthas room, where files come unasked anyway, any that can come; */
const PUSHED_BYTES = 5 * 1024 * 1024;
/** and in one stay in a room no more than this, so that nobody can fill the memory of another. */
const UNASKED_TOTAL_BYTES = 64 * 1024 * 1024;

/** What the page holds of a file besides its transfer. */
export interface ShelfEntry {
  /** Address of a picture to show. */
  readonly preview?: string;
  /** Address of a voice message to play. */
  readonly sound?: string;
  /** The received file, where it is ours to save. */
  readonly file?: Blob;
  /** Received, and already where the person wanted it. */
  readonly onDisk?: boolean;
  /** Why it failed. */
  readonly error?: unknown;
}

/** The files of a stay in a room. */
export interface Shelf {
  readonly entries: Readable<ReadonlyMap<string, ShelfEntry>>;
  /** @throws `TRANSFER_LIMIT`, `CLOSED`. */
  send(file: File): void;
  /** @throws as `send`. */
  sendVoice(clip: Clip): void;
  /** Takes an offer; does nothing when the person changes their mind. Call from a click. */
  accept(offer: FileOffer): Promise<void>;
  /** Takes an offer unasked, if it is a small picture or voice message. */
  preview(offer: FileOffer): void;
  save(id: string, name: string): void;
  /** Forgets one file. */
  forget(id: string): void;
  /** Forgets all files. */
  dispose(): void;
}

/** What a shelf tells about. */
export interface ShelfEvents {
  accepted(transfer: IncomingTransfer): void;
  received(transfer: IncomingTransfer): void;
  delivered(transfer: OutgoingTransfer): void;
  failed(transfer: IncomingTransfer | OutgoingTransfer, error: unknown): void;
}

export function createShelf(room: Room, events: ShelfEvents): Shelf {
  const entries = createStore<ReadonlyMap<string, ShelfEntry>>(new Map());
  const addresses = new Set<string>();
  const choosing = new Set<string>();
  let unasked = 0;

  const put = (id: string, change: ShelfEntry) =>
    entries.update((map) => new Map(map).set(id, { ...map.get(id), ...change }));
  const addressOf = (file: Blob): string => {
    const address = URL.createObjectURL(file);
    addresses.add(address);
    return address;
  };
  const fail = (transfer: IncomingTransfer | OutgoingTransfer, error: unknown) => {
    put(transfer.id, { error });
    if (!isAbort(error)) events.failed(transfer, error);
  };
  /** What there is to see or hear of a file. */
  const show = (transfer: Transfer, file: Blob): ShelfEntry => {
    if (isVoice(transfer)) return { sound: addressOf(file) };
    return isPreviewable(transfer.mime, file.size) ? { preview: addressOf(file) } : {};
  };
  const send = (file: File, options: SendFileOptions = {}) => {
    const transfer = room.sendFile(file, options);
    put(transfer.id, show(transfer, file));
    transfer.done.then(
      () => events.delivered(transfer),
      (error: unknown) => fail(transfer, error),
    );
  };
  const follow = (transfer: IncomingTransfer) => {
    events.accepted(transfer);
    transfer.done.then(
      ({ file }) => {
        if (file === undefined) put(transfer.id, { onDisk: true });
        else put(transfer.id, { file, ...show(transfer, file) });
        events.received(transfer);
      },
      (error: unknown) => fail(transfer, error),
    );
  };

  return {
    entries,
    send: (file) => send(file),
    sendVoice: ({ file, seconds }) => send(file, { voiceSeconds: Math.max(1, Math.round(seconds)) }),
    async accept(offer) {
      if (choosing.has(offer.id)) return;
      choosing.add(offer.id);
      try {
        const transfer = await take(offer);
        if (transfer !== undefined) follow(transfer);
      } finally {
        choosing.delete(offer.id);
      }
    },
    preview(offer) {
      const { mime, size } = offer;
      if (size === undefined || !(isImage(mime) || isVoice(offer))) return;
      const most = room.protocol === 'arthas' ? PUSHED_BYTES : UNASKED_BYTES;
      if (size > most || unasked + size > UNASKED_TOTAL_BYTES) return;
      unasked += size;
      follow(offer.accept(memorySink(offer)));
    },
    save(id, name) {
      const file = entries.get().get(id)?.file;
      if (file !== undefined) saveFile(file, name);
    },
    forget(id) {
      const { preview, sound } = entries.get().get(id) ?? {};
      for (const address of [preview, sound]) {
        if (address === undefined) continue;
        URL.revokeObjectURL(address);
        addresses.delete(address);
      }
      entries.update((map) => new Map([...map].filter(([other]) => other !== id)));
    },
    dispose() {
      for (const address of addresses) URL.revokeObjectURL(address);
      entries.set(new Map());
    },
  };
}
