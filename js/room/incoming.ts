import { hushError, isHushError } from '../errors.js';
import type { IndexedOpener, RoomMachine } from '../gen/room/glue.js';
import { now } from './clock.js';
import { LAYOUTS } from './layout.js';
import type { BulkIn, MachineEvent } from './machine.js';
import { receive, type Piece, type Receiving } from './receiving.js';
import type { FileOffer, IncomingTransfer } from './file-types.js';
import type { Member } from './types.js';
import type { HushError, HushErrorCode, Protocol } from '../types.js';

/** What a file needs of its room. */
export interface IncomingHost {
  readonly protocol: Protocol;
  step<T>(action: (machine: RoomMachine) => T): T;
  onChange(transfer: IncomingTransfer): void;
  /** The offer is no longer open: it was accepted, or else declined. */
  onAnswered(accepted: boolean): void;
  /** The sink could not be opened: the offer is open again. */
  onReopened(offer: FileOffer): void;
  /** What came without being asked for is of no use, and nobody has accepted it yet. */
  onSpoiled(error: HushError): void;
}

/** A file that is offered or comes to us, and how the room drives it. */
export interface Incoming {
  readonly offer: FileOffer;
  readonly transfer: IncomingTransfer | undefined;
  /** The offer is known to the room. What comes without being asked for can be opened. */
  begin(): void;
  /** A piece of it, which lies in `frame`. */
  onBulk(bulk: BulkIn, frame: Uint8Array): void;
  onSize(size: number): void;
  /** The machine says that it is over. */
  onEnded(error: HushError): void;
  /** The connection is lost, or back. */
  onConnection(open: boolean): void;
}

/**
 * The offer of a file.
 *
 * A file that has to be asked for begins to come once it is accepted. One that is pushed is opened as it comes, and kept:
 * accepting it only says where to.
 */
export function createIncoming(
  host: IncomingHost,
  from: Member,
  { id, name, mime, size: offered, voiceSeconds, thumbnail }: Extract<MachineEvent, { type: 'file-offer' }>,
): Incoming {
  const layout = LAYOUTS[host.protocol];
  let size = offered ?? undefined;
  let running: Receiving | undefined;
  let answered = false;
  /** Whether the machine counts on us to say how this ends. */
  let owed = layout.pushed;
  /** By their index, until they are in the sink. */
  const pieces = new Map<number, Piece>();
  let opener: IndexedOpener | undefined;
  let making: Promise<IndexedOpener> | undefined;
  let over = false;

  /** Nothing will be opened any more. */
  function release() {
    over = true;
    pieces.clear();
    opener = undefined;
    void making?.then((it) => it.free()).catch(() => undefined);
    making = undefined;
  }

  function end(code: HushErrorCode) {
    if (!owed) return;
    owed = false;
    host.step((machine) => machine.endTransfer(id, code, now()));
  }

  async function makeOpener(): Promise<void> {
    making = host.step((machine) => machine.opener(id)) as Promise<IndexedOpener>;
    const made = await making;
    if (!over) opener = made;
  }

  /** A piece cannot be opened, or the machine cannot go on with it. */
  function spoil(error: unknown) {
    if (over) return;
    if (running !== undefined) {
      running.fail(error);
      return;
    }
    const reason = isHushError(error) ? error : hushError('INTERNAL', 'a piece of a file cannot be opened', error);
    const tell = owed;
    answered = true;
    owed = false;
    release();
    host.onSpoiled(reason);
    if (tell) host.step((machine) => machine.endTransfer(id, reason.code, now()));
  }

  const offer: FileOffer = {
    id, from, name, mime,
    get size() {
      return size;
    },
    ...(voiceSeconds !== null && { voiceSeconds }),
    ...(thumbnail !== null && { thumbnail }),
    accept(target, { signal } = {}) {
      signal?.throwIfAborted();
      if (answered) throw hushError('INVALID_STATE', 'the offer was answered already');
      answered = true;
      running = receive(
        {
          onChange: host.onChange,
          async onReady() {
            if (!layout.pushed) await makeOpener();
            if (over) return;
            host.step((machine) => machine.acceptFile(id, now()));
            owed = true;
          },
          onNoSink() {
            answered = false;
            running = undefined;
            host.onReopened(offer);
          },
          onWritten(written) {
            if (!layout.pushed) host.step((machine) => machine.delivered(id, written));
            return layout.plaintextBytes(written);
          },
          onWhole() {
            host.step((machine) => machine.finishFile(id, now()));
            owed = false;
          },
          onFailed: end,
          onOver: release,
        },
        offer,
        pieces,
        target,
        signal,
      );
      // Known as a transfer before it is gone as an offer.
      host.onChange(running.transfer);
      host.onAnswered(true);
      return running.transfer;
    },
    decline() {
      if (answered) throw hushError('INVALID_STATE', 'the offer was answered already');
      host.step((machine) => machine.declineFile(id, now()));
      owed = false;
      answered = true;
      release();
      host.onAnswered(false);
    },
  };

  return {
    offer,
    begin() {
      if (layout.pushed && !over) makeOpener().catch(spoil);
    },
    get transfer() {
      return running?.transfer;
    },
    onBulk([, segment, last, pieceEnd, bodyStart, bodyEnd, iv], frame) {
      if (over) return;
      // The header at the start of the first cell stands in the offer too, and is taken from there.
      const body = frame.subarray(bodyStart + (segment === 0 ? layout.header : 0), bodyEnd);
      let opening: Promise<Uint8Array>;
      try {
        if (opener !== undefined) opening = opener.open(segment, last, body, iv);
        else if (making !== undefined) opening = making.then((it) => it.open(segment, last, body, iv));
        else return;
      } catch (error) {
        spoil(error);
        return;
      }
      opening.catch(() => undefined);
      pieces.set(segment, { last, end: pieceEnd, opening });
      // The machine tells the sender when it has heard that of all of them, whether or not the file is wanted.
      if (layout.pushed) opening.then(() => over || host.step((machine) => machine.delivered(id, pieceEnd))).catch(spoil);
      running?.wake();
    },
    onSize(known) {
      size = known;
      running?.onSize(known);
    },
    onEnded(error) {
      answered = true;
      owed = false;
      running?.onEnded(error);
      release();
    },
    onConnection(open) {
      // The machine ends what is pushed and not whole yet.
      if (!layout.pushed) running?.onConnection(open);
    },
  };
}
