import { saveFile } from 'hushroom/room';
import type { FileOffer, IncomingTransfer, OutgoingTransfer, Room } from 'hushroom/room';

import { isAbort } from '../lib/errors.ts';
import { createStore } from '../lib/store.ts';
import type { Readable } from '../lib/store.ts';
import { isImage, isPreviewable } from './images.ts';
import { memorySink, take } from './sinks.ts';

/** Pictures up to here are fetched without asking, */
const UNASKED_BYTES = 2 * 1024 * 1024;
/** and in one stay in a room no more than this, so that nobody can fill the memory of another. */
const UNASKED_TOTAL_BYTES = 64 * 1024 * 1024;

/** What the page holds of a file besides its transfer. */
export interface ShelfEntry {
  /** Address of a picture to show. */
  readonly preview?: string;
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
  /** Takes an offer; does nothing when the person changes their mind. Call from a click. */
  accept(offer: FileOffer): Promise<void>;
  /** Takes an offer unasked, if it is a small picture. */
  preview(offer: FileOffer): void;
  save(id: string, name: string): void;
  /** Forgets all files. */
  dispose(): void;
}

/** What a shelf tells about. */
export interface ShelfEvents {
  accepted(transfer: IncomingTransfer): void;
  received(transfer: IncomingTransfer): void;
  failed(transfer: IncomingTransfer | OutgoingTransfer, error: unknown): void;
}

export function createShelf(room: Room, events: ShelfEvents): Shelf {
  const entries = createStore<ReadonlyMap<string, ShelfEntry>>(new Map());
  const addresses: string[] = [];
  const choosing = new Set<string>();
  let unasked = 0;

  const put = (id: string, change: ShelfEntry) =>
    entries.update((map) => new Map(map).set(id, { ...map.get(id), ...change }));
  const addressOf = (file: Blob): string => {
    const address = URL.createObjectURL(file);
    addresses.push(address);
    return address;
  };
  const fail = (transfer: IncomingTransfer | OutgoingTransfer, error: unknown) => {
    put(transfer.id, { error });
    if (!isAbort(error)) events.failed(transfer, error);
  };
  const follow = (transfer: IncomingTransfer) => {
    events.accepted(transfer);
    transfer.done.then(
      ({ file }) => {
        if (file === undefined) put(transfer.id, { onDisk: true });
        else put(transfer.id, { file, ...(isPreviewable(transfer.mime, file.size) && { preview: addressOf(file) }) });
        events.received(transfer);
      },
      (error: unknown) => fail(transfer, error),
    );
  };

  return {
    entries,
    send(file) {
      const transfer = room.sendFile(file);
      if (isPreviewable(file.type, file.size)) put(transfer.id, { preview: addressOf(file) });
      transfer.done.catch((error: unknown) => fail(transfer, error));
    },
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
      if (!isImage(mime) || size === undefined || size > UNASKED_BYTES || unasked + size > UNASKED_TOTAL_BYTES) return;
      unasked += size;
      follow(offer.accept(memorySink(offer)));
    },
    save(id, name) {
      const file = entries.get().get(id)?.file;
      if (file !== undefined) saveFile(file, name);
    },
    dispose() {
      for (const address of addresses) URL.revokeObjectURL(address);
      entries.set(new Map());
    },
  };
}
