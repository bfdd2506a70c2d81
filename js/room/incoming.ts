import { hushError, isHushError } from '../errors.js';
import type { IndexedOpener, RoomMachine } from '../gen/room/glue.js';
import { now } from './clock.js';
import { createMeter, plaintextBytes } from './progress.js';
import { openSink } from './sinks.js';
import type { FileOffer, FileSink, IncomingTransfer, Member, ReceivedFile, SinkTarget, TransferState } from './types.js';
import type { HushError, HushErrorCode } from '../types.js';

const HEADER_BYTES = 40;

/** What a transfer needs of its room. */
export interface IncomingHost {
  step<T>(action: (machine: RoomMachine) => T): T;
  onChange(transfer: IncomingTransfer): void;
  /** The offer was answered, and is no longer open. */
  onAnswered(id: string): void;
  /** The sink could not be opened: the offer is open again. */
  onReopened(offer: FileOffer): void;
}

/** A file that is offered or comes to us, and how the room drives it. */
export interface Incoming {
  readonly offer: FileOffer;
  readonly transfer: IncomingTransfer | undefined;
  /** A piece of it, whose ciphertext is `body` and ends at offset `end`. */
  onBulk(segment: number, last: boolean, end: number, body: Uint8Array): void;
  onSize(size: number): void;
  /** The machine says that it is over. */
  onEnded(error: HushError): void;
  /** The connection is lost, or back. */
  onConnection(open: boolean): void;
}

/** The offer of a file. */
export function createIncoming(
  host: IncomingHost,
  from: Member,
  file: { id: string; name: string; mime: string; size: number | undefined },
): Incoming {
  let size = file.size;
  let running: Running | undefined;
  let answered = false;

  const offer: FileOffer = {
    id: file.id,
    from,
    name: file.name,
    mime: file.mime,
    get size() {
      return size;
    },
    accept(target, { signal } = {}) {
      signal?.throwIfAborted();
      if (answered) throw hushError('INVALID_STATE', 'the offer was answered already');
      answered = true;
      running = receive(host, offer, target, signal, () => {
        answered = false;
        running = undefined;
        host.onReopened(offer);
      });
      // Known as a transfer before it is gone as an offer.
      host.onChange(running.transfer);
      host.onAnswered(file.id);
      return running.transfer;
    },
    decline() {
      if (answered) throw hushError('INVALID_STATE', 'the offer was answered already');
      host.step((machine) => machine.declineFile(file.id, now()));
      answered = true;
      host.onAnswered(file.id);
    },
  };

  return {
    offer,
    get transfer() {
      return running?.transfer;
    },
    onBulk: (segment, last, end, body) => running?.onBulk(segment, last, end, body),
    onSize(known) {
      size = known;
      running?.onSize(known);
    },
    onEnded(error) {
      answered = true;
      running?.onEnded(error);
    },
    onConnection: (open) => running?.onConnection(open),
  };
}

/** A piece that is being opened. */
interface Piece {
  readonly last: boolean;
  readonly end: number;
  readonly opening: Promise<Uint8Array>;
}

type Running = Required<Pick<Incoming, 'onBulk' | 'onSize' | 'onEnded' | 'onConnection'>> & { readonly transfer: IncomingTransfer };

function receive(
  host: IncomingHost,
  offer: FileOffer,
  target: SinkTarget | undefined,
  signal: AbortSignal | undefined,
  reopen: () => void,
): Running {
  const { id } = offer;
  let ended = false;
  let accepted = false;
  let connected = true;
  let sink: FileSink | undefined;
  let opener: IndexedOpener | undefined;
  /** In the order of the file. The first may be on its way into the sink. */
  const pieces: Piece[] = [];
  let resolveDone!: (file: ReceivedFile) => void;
  let rejectDone!: (error: unknown) => void;
  const done = new Promise<ReceivedFile>((resolve, reject) => {
    resolveDone = resolve;
    rejectDone = reject;
  });
  done.catch(() => undefined);
  const meter = createMeter(offer.size, () => host.onChange(transfer));
  const transfer: IncomingTransfer = {
    direction: 'in',
    id,
    from: offer.from,
    name: offer.name,
    mime: offer.mime,
    get size() {
      return offer.size;
    },
    get state() {
      return meter.current.state;
    },
    get progress() {
      return meter.current;
    },
    progressEvents: () => meter.events(),
    done,
    cancel: () => fail(hushError('TRANSFER_CANCELLED', 'cancelled')),
  };
  const abort = () => fail(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });

  function finish(state: TransferState, error?: unknown) {
    ended = true;
    signal?.removeEventListener('abort', abort);
    opener?.free();
    opener = undefined;
    meter.update({ state });
    if (state !== 'done') {
      void sink?.abort(error).catch(() => undefined);
      rejectDone(error);
    }
  }

  function fail(error: unknown) {
    if (ended) return;
    const code: HushErrorCode = isHushError(error) ? error.code : 'TRANSFER_CANCELLED';
    finish(code === 'TRANSFER_CANCELLED' ? 'cancelled' : 'failed', error);
    if (accepted) host.step((machine) => machine.endTransfer(id, code, now()));
  }

  async function start() {
    try {
      sink = await openSink(target, offer);
    } catch (error) {
      if (ended) return;
      finish('failed', error);
      reopen();
      return;
    }
    if (ended) {
      await sink.abort(undefined).catch(() => undefined);
      return;
    }
    const cipher = await (host.step((machine) => machine.opener(id)) as Promise<IndexedOpener>);
    if (ended) {
      cipher.free();
      return;
    }
    opener = cipher;
    host.step((machine) => machine.acceptFile(id, now()));
    accepted = true;
  }

  /** Writes one piece after the other, for as long as there are any. One loop, not a chain of promises: this is the hot path. */
  async function writePieces(into: FileSink): Promise<void> {
    for (let piece = pieces[0]; piece !== undefined && !ended; piece = pieces[0]) {
      const { last, end, opening } = piece;
      const plaintext = await opening;
      if (ended) return;
      try {
        if (plaintext.length > 0) await into.write(plaintext);
        if (last) await into.close();
      } catch (cause) {
        throw isHushError(cause) ? cause : hushError('SINK_FAILED', 'the received file cannot be written', cause);
      }
      if (ended) return;
      host.step((machine) => machine.delivered(id, end));
      // What had arrived when the connection was lost is still written.
      meter.update({ state: connected ? 'running' : 'paused', bytes: plaintextBytes(end) });
      if (last) await complete(into);
      pieces.shift();
    }
  }

  async function complete(closed: FileSink) {
    host.step((machine) => machine.finishFile(id, now()));
    accepted = false;
    const file = await closed.file?.();
    if (ended) return;
    finish('done');
    resolveDone({ kind: closed.kind, size: meter.current.bytes, ...(file !== undefined && { file }) });
  }

  start().catch(fail);

  return {
    transfer,
    onBulk(segment, last, end, body) {
      if (ended || opener === undefined || sink === undefined) return;
      let opening: Promise<Uint8Array>;
      try {
        // The header at the start of the first cell stands in the offer too, and is taken from there.
        opening = opener.open(segment, last, segment === 0 ? body.subarray(HEADER_BYTES) : body);
      } catch (error) {
        fail(error);
        return;
      }
      opening.catch(() => undefined);
      pieces.push({ last, end, opening });
      if (pieces.length === 1) writePieces(sink).catch(fail);
    },
    onSize: (total) => meter.update({ total }),
    onEnded(error) {
      accepted = false;
      if (!ended) finish(error.code === 'TRANSFER_CANCELLED' || error.code === 'CLOSED' ? 'cancelled' : 'failed', error);
    },
    onConnection(open) {
      connected = open;
      if (ended || !accepted) return;
      meter.update({ state: open ? (meter.current.bytes > 0 ? 'running' : 'waiting') : 'paused' });
    },
  };
}
