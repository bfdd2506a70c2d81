import type { Room, RoomSnapshot, RoomStatus } from '../room/types.js';

/** Opens a room. `signal` is aborted when nobody wants the room any more: hand it to `createRoom` or `joinRoom`. */
export type OpenRoom = (options: { readonly signal: AbortSignal }) => Promise<Room>;

/** A room that somebody else has opened and will close, or how to open one. */
export type RoomSource = Room | OpenRoom;

/** Where the opening of a room stands. A new object after every change, the same one in between. */
export interface OpeningState {
  /** Once it is open; it stays when it is closed by itself. */
  readonly room?: Room;
  /** That of the room. Before there is one `connecting`; `failed` when it could not be opened. */
  readonly status: RoomStatus | 'failed';
  /** Why it is `failed`, or why it is `closed` if nobody here wished so. */
  readonly error?: unknown;
  /** That of the room. Before there is one it is always the same empty one, on a server too. */
  readonly snapshot: RoomSnapshot;
}

/** @throws `TypeError` unless it is exactly one: a function that opens a room, or a room. */
export function checkSource(taker: string, open: unknown, room: unknown): void {
  if ((open === undefined) === (room === undefined)) throw new TypeError(`${taker} takes either open or room`);
  if (open !== undefined && typeof open !== 'function') throw new TypeError('open must be a function');
  if (room !== undefined && !isRoom(room)) throw new TypeError('room must be a room, from createRoom or joinRoom');
}

const isRoom = (value: unknown): boolean => typeof (value as Partial<Room> | null | undefined)?.getSnapshot === 'function';

const EMPTY: RoomSnapshot = /* @__PURE__ */ Object.freeze({
  status: 'connecting',
  members: /* @__PURE__ */ Object.freeze([]),
  messages: /* @__PURE__ */ Object.freeze([]),
  typing: /* @__PURE__ */ Object.freeze([]),
  offers: /* @__PURE__ */ Object.freeze([]),
  transfers: /* @__PURE__ */ Object.freeze([]),
  expiresAt: 0,
  ephemeralSeconds: 0,
  hasPassword: false,
});

/** The state before anything has happened: what a server renders, and a browser that takes over from it. */
export const INITIAL: OpeningState = /* @__PURE__ */ Object.freeze({ status: 'connecting', snapshot: EMPTY });

/** Nobody has waited for the room. */
const GIVEN_UP: OpeningState = /* @__PURE__ */ Object.freeze({ status: 'closed', snapshot: EMPTY });

/**
 * One room being opened, however often what shows it is mounted.
 *
 * The first {@link retain} opens it. When the last user is gone, and none has come in the same turn of the event loop, it is
 * closed, or given up if it is not open yet: a tree that is mounted twice to test it, or moved, joins once. A later
 * {@link retain} opens it anew. A room that was handed in is only looked at.
 */
export class Opening {
  readonly #source: RoomSource;
  /** Of the function that runs or has run; nothing once its room is not wanted any more. */
  #attempt: AbortController | undefined;
  #room: Room | undefined;
  #state = INITIAL;
  #users = 0;
  #ending: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();
  #unwatch: (() => void) | undefined;

  /** Nothing is opened yet. */
  constructor(source: RoomSource) {
    this.#source = source;
    if (typeof source !== 'function') this.#room = source;
  }

  /** Somebody wants the room. To be undone by as many {@link release}. */
  retain(): void {
    clearTimeout(this.#ending);
    this.#users += 1;
    if (typeof this.#source === 'function' && this.#attempt === undefined) this.#start(this.#source);
  }

  /** Somebody does not want the room any more. */
  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#ending = setTimeout(() => this.#end());
  }

  readonly getState = (): OpeningState => {
    const room = this.#room;
    if (room === undefined) return this.#state;
    const snapshot = room.getSnapshot();
    if (this.#state.room !== room || this.#state.snapshot !== snapshot) {
      const error = snapshot.status === 'closed' ? room.closeReason : undefined;
      this.#state = { room, status: snapshot.status, snapshot, ...(error !== undefined && { error }) };
    }
    return this.#state;
  };

  /** Calls `listener` after each change of the state; returns how to stop it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = () => listener();
    this.#listeners.add(entry);
    this.#watch();
    return () => {
      this.#listeners.delete(entry);
      this.#watch();
    };
  };

  /** Listens to the room, if there is one and somebody who wants to know. */
  #watch(): void {
    if (this.#listeners.size === 0) {
      this.#unwatch?.();
      this.#unwatch = undefined;
    } else {
      this.#unwatch ??= this.#room?.subscribe(() => this.#tell());
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Another room, or none, and the state until it says otherwise. */
  #change(room: Room | undefined, state: OpeningState): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#room = room;
    this.#state = state;
    this.#watch();
    this.#tell();
  }

  #start(open: OpenRoom): void {
    const attempt = new AbortController();
    this.#attempt = attempt;
    if (this.getState() !== INITIAL) this.#change(undefined, INITIAL);
    new Promise<Room>((resolve) => resolve(open({ signal: attempt.signal }))).then(
      (room) => {
        if (!isRoom(room)) return this.#fail(attempt, new TypeError('open must resolve to a room'));
        if (this.#attempt === attempt) this.#change(room, INITIAL);
        // It came although nobody waits for it.
        else close(room);
      },
      (error: unknown) => this.#fail(attempt, error),
    );
  }

  #fail(attempt: AbortController, error: unknown): void {
    if (this.#attempt === attempt) this.#change(undefined, { status: 'failed', error, snapshot: EMPTY });
  }

  #end(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#attempt = undefined;
    if (this.#room !== undefined) close(this.#room);
    // Why it failed is still to be read.
    else if (this.#state.status !== 'failed') this.#change(undefined, GIVEN_UP);
    attempt.abort();
  }
}

/** Nobody is left to whom a failure could be told. */
function close(room: Room): void {
  room.close().catch(() => undefined);
}
