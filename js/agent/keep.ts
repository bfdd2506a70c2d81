import { checkInteger, checkObject } from '../check.js';
import { hushError, isHushError } from '../errors.js';
import { createRoom, joinRoom } from '../room/index.js';
import type { Room } from '../room/types.js';
import type { HushError, HushErrorCode } from '../types.js';
import type { AgentStatus, ConnectAgentOptions, RetryOptions } from './types.js';
import { pause } from './wait.js';

const FIRST_MS = 1_000;
const MAX_MS = 30_000;
const MIN_MS = 100;
/** What may be over when it is tried again. Everything else stays as it is: a wrong code, an unknown room, a wrong password. */
const PASSING = new Set<HushErrorCode>([
  'CONNECT_FAILED', 'RELAY_LIMIT', 'RELAY_REFUSED', 'RELAY_PROTOCOL', 'RATE_LIMITED', 'ROOM_FULL', 'MESSAGES_LOST', 'INTERNAL',
]);

/** A place in a room that is taken again when it was lost. */
export interface Kept {
  readonly room: Room;
  readonly status: AgentStatus;
  readonly closed: Promise<HushError | undefined>;
  onStatus(listener: (status: AgentStatus, reason?: HushError) => void): () => void;
  /** Calls `listener` with the room of the moment, and with each one that replaces it. */
  onRoom(listener: (room: Room) => void): () => void;
  close(): Promise<void>;
}

/** Enters the room and stays: a lost connection the room repairs itself, a room that closed is joined again. */
export async function keepRoom(options: ConnectAgentOptions): Promise<Kept> {
  checkObject('options', options);
  const retry = checkRetry(options.retry ?? {});
  const stopped = new AbortController();
  const signal = options.signal === undefined ? stopped.signal : AbortSignal.any([options.signal, stopped.signal]);
  const statusListeners = new Set<(status: AgentStatus, reason?: HushError) => void>();
  const roomListeners = new Set<(room: Room) => void>();
  let status: AgentStatus = 'connecting';
  let resolveClosed!: (reason: HushError | undefined) => void;
  const closed = new Promise<HushError | undefined>((resolve) => (resolveClosed = resolve));

  function setStatus(next: AgentStatus, reason?: HushError) {
    if (status === next || status === 'closed') return;
    status = next;
    for (const listener of [...statusListeners]) listener(next, reason);
    if (next === 'closed') resolveClosed(reason);
  }

  const enter = (code: string | undefined) => {
    const { create, retry: _, code: __, ...common } = options;
    return code === undefined ? createRoom({ ...common, ...create, signal }) : joinRoom({ ...common, code, signal });
  };

  /** Tries until it is in, or it makes no sense any more. */
  async function enterAgain(code: string | undefined, reason: unknown): Promise<Room> {
    let error = reason;
    for (let attempt = 0; attempt < retry.attempts; attempt += 1) {
      if (!isHushError(error) || !PASSING.has(error.code)) break;
      await pause(waitMs(retry, attempt), signal);
      try {
        return await enter(code);
      } catch (failure) {
        error = failure;
      }
    }
    throw error;
  }

  function watch(entered: Room) {
    const look = () => {
      if (entered.status === 'open') setStatus('connected');
      else if (entered.status === 'reconnecting') setStatus('reconnecting');
      else if (entered.status === 'closed') {
        stop();
        void onClosed(entered);
      }
    };
    const stop = entered.subscribe(look);
    look();
  }

  async function onClosed(lost: Room) {
    const reason = lost.closeReason;
    if (reason === undefined || signal.aborted || !PASSING.has(reason.code)) return setStatus('closed', reason);
    setStatus('reconnecting', reason);
    try {
      use(await enterAgain(lost.code, reason));
    } catch (error) {
      setStatus('closed', signal.aborted ? undefined : asHushError(error));
    }
  }

  function use(entered: Room) {
    room = entered;
    watch(entered);
    for (const listener of [...roomListeners]) listener(entered);
  }

  let room: Room;
  try {
    room = await enter(options.code);
  } catch (error) {
    if (!retry.initial || signal.aborted) throw error;
    room = await enterAgain(options.code, error);
  }
  watch(room);
  return {
    get room() {
      return room;
    },
    get status() {
      return status;
    },
    closed,
    onStatus(listener) {
      statusListeners.add(listener);
      return () => statusListeners.delete(listener);
    },
    onRoom(listener) {
      roomListeners.add(listener);
      listener(room);
      return () => roomListeners.delete(listener);
    },
    async close() {
      stopped.abort(hushError('CLOSED', 'the agent was closed'));
      await room.close();
      setStatus('closed');
      await closed;
    },
  };
}

function checkRetry({ attempts = Infinity, firstMs = FIRST_MS, maxMs = MAX_MS, initial = false }: RetryOptions): Required<RetryOptions> {
  if (attempts !== Infinity) checkInteger('retry.attempts', attempts, Number.MAX_SAFE_INTEGER);
  checkInteger('retry.firstMs', firstMs, Number.MAX_SAFE_INTEGER);
  checkInteger('retry.maxMs', maxMs, 2 ** 31 - 1);
  return { attempts, firstMs, maxMs, initial };
}

/** The wait before an attempt: doubling, and a fifth more or less, so that many agents do not come back at once. */
function waitMs({ firstMs, maxMs }: Required<RetryOptions>, attempt: number): number {
  return Math.max(MIN_MS, Math.min(maxMs, firstMs * 2 ** attempt) * (0.8 + Math.random() * 0.4));
}

function asHushError(error: unknown): HushError {
  return isHushError(error) ? error : hushError('CONNECT_FAILED', 'the room cannot be joined again', error);
}
