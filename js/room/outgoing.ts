import { checkInteger } from '../check.js';
import { hushError, isHushError } from '../errors.js';
import type { IndexedSealer, RoomMachine } from '../gen/room/glue.js';
import { now } from './clock.js';
import type { BulkJob, MachineEvent } from './machine.js';
import { LAYOUTS } from './layout.js';
import { joinParts } from './parts.js';
import { createMeter, isOver } from './progress.js';
import { cutSegments } from './segments.js';
import { bytesSource, describe, isRandomAccess, openFileSource, type RandomSource, type StreamedSource } from './source.js';
import type { FileSource, OutgoingTransfer, ReceiverProgress, SendFileOptions, TransferState } from './file-types.js';
import type { HushError, HushErrorCode, Protocol } from '../types.js';

/** Sealed segments kept of a source that cannot be read again: 4 MiB. */
const RETAINED_SEGMENTS = 64;
const MAX_VOICE_SECONDS = 3600;

/** What a transfer needs of its room. */
export interface OutgoingHost {
  readonly protocol: Protocol;
  /** Runs `action` on the machine, then everything that follows from it. */
  step<T>(action: (machine: RoomMachine) => T): T;
  onChange(transfer: OutgoingTransfer): void;
}

/** A file we send, and how the room drives it. */
export interface Outgoing {
  readonly transfer: OutgoingTransfer;
  /** The transfer is known to the room. What is sent without being asked for can be made ready. */
  begin(): void;
  /** The parts of the cell for a job of this transfer: the header, in the first one, and the sealed segment. */
  seal(job: BulkJob): Promise<readonly Uint8Array<ArrayBuffer>[]>;
  /** A piece with so many bytes of the file is on its way. */
  onSent(bytes: number): void;
  onReceiver(event: Extract<MachineEvent, { type: 'receiver' }>): void;
  /** The machine says that it is over. */
  onEnded(error: HushError | undefined): void;
  /** The connection is lost, or back. */
  onConnection(open: boolean): void;
  /** Ends it from our side: the others are told. */
  fail(error: unknown): void;
}

/**
 * Offers a file to `to`. Nothing of it is read before somebody accepts, in protocols where that is asked. To be called within a
 * step, so that the room knows of the transfer when it first hears of it.
 */
export function createOutgoing(
  host: OutgoingHost,
  machine: RoomMachine,
  source: FileSource,
  to: readonly string[],
  options: SendFileOptions,
): Outgoing {
  const info = describe(source, options);
  const { voiceSeconds } = options;
  if (voiceSeconds !== undefined) {
    checkInteger('voiceSeconds', voiceSeconds, MAX_VOICE_SECONDS);
    if (voiceSeconds === 0) throw new RangeError('voiceSeconds is at least 1');
  }
  const layout = LAYOUTS[host.protocol];
  if (options.to !== undefined && layout.pushed) throw hushError('UNSUPPORTED', 'files go to everybody in a room of this protocol');
  const seekable = typeof source === 'string' || ArrayBuffer.isView(source) || 'slice' in source || isRandomAccess(source);
  // What is pushed says its size at first: a source that is read once only is read before it is offered.
  const late = layout.pushed && !seekable;
  options.signal?.throwIfAborted();
  if (info.size !== undefined && info.size > layout.maxBytes) throw tooLarge(info.size);
  let id = '';
  let ended = false;
  let connected = true;
  let sent = 0;
  let opened: Promise<RandomSource | StreamedSource> | undefined;
  let sealer: Promise<IndexedSealer> | undefined;
  /** Both of these, once they are there: fewer promises for each segment. */
  let ready: readonly [RandomSource | StreamedSource, IndexedSealer] | undefined;
  const sealed = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();
  const receivers = new Map<string, ReceiverProgress>();
  /** Ends what is being read and sealed. */
  const pending = new Set<(error: unknown) => void>();
  let resumeStream: (() => void) | undefined;
  let resolveDone!: () => void;
  let rejectDone!: (error: unknown) => void;
  const done = new Promise<void>((resolve, reject) => {
    resolveDone = resolve;
    rejectDone = reject;
  });
  // Whoever shows the state need not await the promise as well.
  done.catch(() => undefined);

  const meter = createMeter(info.size, () => host.onChange(transfer));
  const transfer: OutgoingTransfer = {
    direction: 'out',
    get id() {
      return id;
    },
    name: info.name,
    mime: info.mime,
    get size() {
      return meter.current.total;
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
  const abort = () => fail(options.signal?.reason);
  options.signal?.addEventListener('abort', abort, { once: true });

  function finish(state: TransferState, error?: unknown) {
    if (ended) return;
    ended = true;
    options.signal?.removeEventListener('abort', abort);
    sealed.clear();
    for (const reject of pending) reject(hushError('CLOSED', 'the transfer is over'));
    pending.clear();
    resumeStream?.();
    void sealer?.then((it) => it.free()).catch(() => undefined);
    void opened?.then((it) => (it.kind === 'random' ? it.close() : undefined)).catch(() => undefined);
    meter.update({ state, ...(state === 'done' && info.size !== undefined && { bytes: info.size }) });
    if (state === 'done') resolveDone();
    else rejectDone(error);
  }

  function fail(error: unknown) {
    if (ended) return;
    const code: HushErrorCode = isHushError(error) ? error.code : 'TRANSFER_CANCELLED';
    if (id !== '') host.step((machine) => machine.endTransfer(id, code, now()));
    finish(code === 'TRANSFER_CANCELLED' ? 'cancelled' : 'failed', error);
  }

  /** Reads a stream segment by segment, as far as what is sealed and not delivered allows. */
  async function runStream({ chunks }: StreamedSource, cipher: IndexedSealer): Promise<void> {
    let index = 0;
    let size = 0;
    for await (const { bytes, last } of cutSegments(chunks, layout.first, layout.rest)) {
      if (ended) return;
      size += bytes.length;
      if (last && info.size !== undefined && size !== info.size) {
        throw hushError('SOURCE_FAILED', `the source has ${size} bytes where it should have ${info.size}`);
      }
      const ciphertext = Promise.resolve(cipher.seal(index, last, bytes));
      ciphertext.catch(() => undefined);
      sealed.set(index, ciphertext);
      index += 1;
      if (last) meter.update({ total: size });
      for (;;) {
        const floor = host.step((machine) => machine.sourceReady(id, index, last ? size : undefined, now()));
        for (const known of sealed.keys()) if (known < floor) sealed.delete(known);
        if (ended || last || sealed.size < RETAINED_SEGMENTS) break;
        await new Promise<void>((resolve) => (resumeStream = resolve));
        resumeStream = undefined;
        if (ended) return;
      }
    }
  }

  function tooLarge(size: number): HushError {
    return hushError('TOO_LARGE', `a file has at most ${layout.maxBytes} bytes in a room of this protocol, this one has ${size} or more`);
  }

  /** Reads a stream to its end, and says how long it was. */
  async function collect({ chunks }: StreamedSource): Promise<RandomSource> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      checkRunning();
      size += chunk.length;
      if (size > layout.maxBytes) throw tooLarge(size);
      // The source may write over it.
      parts.push(chunk.slice());
    }
    checkRunning();
    if (info.size !== undefined && size !== info.size) {
      throw hushError('SOURCE_FAILED', `the source has ${size} bytes where it should have ${info.size}`);
    }
    meter.update({ total: size });
    host.step((machine) => machine.sourceReady(id, Math.ceil(size / layout.rest), size, now()));
    return bytesSource(info, joinParts(parts));
  }

  function checkRunning() {
    if (ended) throw hushError('CLOSED', 'the transfer is over');
  }

  function kept(segment: number): Promise<Uint8Array<ArrayBuffer>> {
    return sealed.get(segment) ?? Promise.reject(hushError('INTERNAL', 'a segment that is not kept'));
  }

  async function sealJob([, , segment, plaintextOffset, plaintextLength, last]: BulkJob): Promise<readonly Uint8Array<ArrayBuffer>[]> {
    if (opened === undefined || sealer === undefined) throw hushError('INTERNAL', 'a job before a receiver');
    const [it, cipher] = ready ?? (await Promise.all([opened, sealer]));
    // The sealer is freed when the transfer ends, and must not be called after that: each wait is followed by a look.
    checkRunning();
    const header = segment === 0 ? [cipher.header() as Uint8Array<ArrayBuffer>] : [];
    const ciphertext = await (it.kind === 'stream' ? kept(segment) : sealPart(it, cipher));
    return [...header, ciphertext];

    async function sealPart(random: RandomSource, by: IndexedSealer): Promise<Uint8Array<ArrayBuffer>> {
      const bytes = random.read(plaintextOffset, plaintextLength);
      const plaintext = 'then' in bytes ? await bytes : bytes;
      checkRunning();
      // The plaintext is taken when the call returns.
      const sealing = by.seal(segment, last, plaintext);
      random.recycle?.(plaintext);
      return sealing;
    }
  }

  /** Opens the source, which may have been. */
  function openSource(): Promise<RandomSource | StreamedSource> {
    const open = () => openFileSource(source, options);
    return (opened ??= late ? open().then((it) => (it.kind === 'stream' ? collect(it) : it)) : open());
  }

  /** Opens source and cipher when there is somebody to send to. */
  function start() {
    const opening = openSource();
    // Known before the step, which may bring the next receiver and the first job along.
    let resolve!: (it: Promise<IndexedSealer>) => void;
    sealer = new Promise((it) => (resolve = it));
    resolve(host.step((machine) => machine.sealer(id)) as Promise<IndexedSealer>);
    sealer.catch(() => undefined);
    Promise.all([opening, sealer])
      .then(([it, cipher]) => {
        if (it.size !== undefined && info.size !== undefined && it.size !== info.size) {
          throw hushError('SOURCE_FAILED', 'the source has another size than it was offered with');
        }
        ready = [it, cipher];
        return it.kind === 'stream' ? runStream(it, cipher) : undefined;
      })
      .catch(fail);
  }

  id = machine.offerFile(info.name, info.mime, late ? undefined : info.size, seekable, [...(options.to ?? [])], voiceSeconds, now());
  for (const member of to) receivers.set(member, { member, state: 'offered', bytes: 0 });
  meter.update({ receivers: [...receivers.values()] });

  return {
    transfer,
    begin() {
      if (late) openSource().catch(fail);
    },
    seal: (job) =>
      new Promise((resolve, reject) => {
        // A read that hangs must not outlive the transfer: others wait behind it.
        pending.add(reject);
        const settled = () => pending.delete(reject);
        sealJob(job).then((parts) => (settled(), resolve(parts)), (error: unknown) => (settled(), reject(error)));
      }),
    onSent(bytes) {
      // Elsewhere receivers say how far they are.
      if (!layout.pushed) return;
      sent += bytes;
      meter.update({ bytes: sent });
    },
    onReceiver({ member, state, delivered }) {
      // Since it was offered, others may have come in place of those who were here.
      if (layout.pushed) for (const known of [...receivers.values()]) if (known.state === 'offered') receivers.delete(known.member);
      receivers.set(member, { member, state, bytes: layout.plaintextBytes(delivered) });
      const all = [...receivers.values()];
      const active = all.filter((receiver) => receiver.state === 'running' || receiver.state === 'stalled');
      const moving = active.filter((receiver) => receiver.state === 'running');
      if (active.length > 0 && sealer === undefined) start();
      resumeStream?.();
      const finished = all.filter((receiver) => receiver.state === 'done');
      const counted = [moving, active, finished].find((some) => some.length > 0) ?? all;
      const bytes = layout.pushed ? sent : Math.min(...counted.map((receiver) => receiver.bytes));
      const flow: TransferState = connected ? 'running' : 'paused';
      meter.update({ receivers: all, bytes, ...(active.length > 0 && !isOver(meter.current.state) && { state: flow }) });
    },
    onEnded(error) {
      if (error === undefined) finish('done');
      else if (error.code === 'TRANSFER_DECLINED') finish('declined', error);
      else finish(error.code === 'TRANSFER_CANCELLED' || error.code === 'CLOSED' ? 'cancelled' : 'failed', error);
    },
    onConnection(open) {
      connected = open;
      // The machine ends what is pushed; what waits for its turn goes out afterwards.
      if (layout.pushed) return;
      const { state } = meter.current;
      if (open ? state === 'paused' : state === 'running') meter.update({ state: open ? 'running' : 'paused' });
    },
    fail,
  };
}
