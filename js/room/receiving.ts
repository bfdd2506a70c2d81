import { hushError, isHushError } from '../errors.js';
import { createMeter } from './progress.js';
import { openSink } from './sinks.js';
import type { FileOffer, FileSink, IncomingTransfer, ReceivedFile, SinkTarget, TransferState } from './file-types.js';
import type { HushError, HushErrorCode } from '../types.js';

/** A piece of a file that has come and is being opened. */
export interface Piece {
  readonly last: boolean;
  /** Where it ends, as the machine counts. */
  readonly end: number;
  /** It is being waited for from the beginning: it may reject before somebody takes the file. */
  readonly opening: Promise<Uint8Array>;
}

/** What happens to a file on its way into its sink. */
export interface ReceivingHost {
  onChange(transfer: IncomingTransfer): void;
  /** The sink is open: from now on pieces can be written. */
  onReady(): Promise<void>;
  /** The sink could not be opened. */
  onNoSink(): void;
  /** Everything up to `end` is in the sink; returns how many bytes of the file that is. */
  onWritten(end: number): number;
  /** The file is whole, and its sink closed. */
  onWhole(): void;
  /** It failed, or was cancelled, here. */
  onFailed(code: HushErrorCode): void;
  /** No piece will be asked for any more; not said when there was no sink, since another may be tried. */
  onOver(): void;
}

/** A file that was accepted. */
export interface Receiving {
  readonly transfer: IncomingTransfer;
  /** There is another piece. */
  wake(): void;
  onSize(size: number): void;
  fail(error: unknown): void;
  /** It is over for a reason that everybody knows. */
  onEnded(error: HushError): void;
  onConnection(open: boolean): void;
}

/** Takes `pieces`, which go by their index, into the sink for `target`. */
export function receive(
  host: ReceivingHost,
  offer: FileOffer,
  pieces: Map<number, Piece>,
  target: SinkTarget | undefined,
  signal: AbortSignal | undefined,
): Receiving {
  let ended = false;
  let connected = true;
  let writing = false;
  let next = 0;
  let sink: FileSink | undefined;
  let resolveDone!: (file: ReceivedFile) => void;
  let rejectDone!: (error: unknown) => void;
  const done = new Promise<ReceivedFile>((resolve, reject) => {
    resolveDone = resolve;
    rejectDone = reject;
  });
  done.catch(() => undefined);
  const meter = createMeter(offer.size, () => host.onChange(transfer));
  const { id, from, name, mime, voiceSeconds } = offer;
  const transfer: IncomingTransfer = {
    direction: 'in',
    id, from, name, mime,
    get size() {
      return offer.size;
    },
    ...(voiceSeconds !== undefined && { voiceSeconds }),
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
    meter.update({ state });
    if (state === 'done') return;
    void sink?.abort(error).catch(() => undefined);
    rejectDone(error);
  }

  function fail(error: unknown) {
    if (ended) return;
    const code: HushErrorCode = isHushError(error) ? error.code : 'TRANSFER_CANCELLED';
    host.onOver();
    finish(code === 'TRANSFER_CANCELLED' ? 'cancelled' : 'failed', error);
    host.onFailed(code);
  }

  async function start() {
    let opened: FileSink;
    try {
      opened = await openSink(target, offer);
    } catch (error) {
      if (ended) return;
      finish('failed', error);
      host.onNoSink();
      return;
    }
    if (!ended) {
      sink = opened;
      await host.onReady();
      wake();
    } else {
      await opened.abort(undefined).catch(() => undefined);
    }
  }

  function wake() {
    if (writing || ended || sink === undefined || !pieces.has(next)) return;
    writing = true;
    write(sink).catch(fail);
  }

  /** Writes one piece after the other, for as long as there are any. One loop, not a chain of promises: this is the hot path. */
  async function write(into: FileSink): Promise<void> {
    for (let piece = pieces.get(next); piece !== undefined && !ended; piece = pieces.get(next)) {
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
      // What had arrived when the connection was lost is still written.
      meter.update({ bytes: host.onWritten(end), state: connected ? 'running' : 'paused' });
      pieces.delete(next);
      next += 1;
      if (last) await complete(into);
    }
    writing = false;
  }

  async function complete(closed: FileSink) {
    host.onWhole();
    const file = await closed.file?.();
    if (ended) return;
    host.onOver();
    finish('done');
    resolveDone({ kind: closed.kind, size: meter.current.bytes, ...(file !== undefined && { file }) });
  }

  start().catch(fail);

  return {
    transfer,
    wake,
    fail,
    onSize: (total) => meter.update({ total }),
    onEnded(error) {
      if (ended) return;
      host.onOver();
      finish(error.code === 'TRANSFER_CANCELLED' || error.code === 'CLOSED' ? 'cancelled' : 'failed', error);
    },
    onConnection(open) {
      connected = open;
      if (ended || sink === undefined) return;
      meter.update({ state: open ? (meter.current.bytes > 0 ? 'running' : 'waiting') : 'paused' });
    },
  };
}
