import type { RoomMachine } from '../gen/room/glue.js';
import type { Connection } from './connection.js';
import { now } from './clock.js';
import type { BulkJob } from './machine.js';
import type { Outgoing } from './outgoing.js';
import { lengthOf } from './parts.js';

/** Segments being read and sealed at once, over all transfers. */
const DEPTH = 8;
/** Of files that nobody asked for, most that waits in the socket: what is said comes behind it. */
const PUSHED_BYTES = 128 * 1024;
/** A socket does not say when it has room again. */
const ROOM_POLL_MS = 10;

/** Keeps segments coming as fast as the machine allows, and sends them in the order it asked for. */
export interface Sender {
  /** The machine may have work: called after everything that happens. */
  pump(): void;
  dispose(): void;
}

/** A segment on its way. */
interface Work {
  readonly job: BulkJob;
  readonly outgoing: Outgoing;
  readonly sealing: Promise<readonly Uint8Array<ArrayBuffer>[]>;
}

/** With `onPushed` nobody asks for the files: it is called after each piece, and leads to the next {@link Sender.pump}. */
export function createSender(
  machine: RoomMachine,
  transfer: (id: string) => Outgoing | undefined,
  connection: Pick<Connection, 'send' | 'buffered'>,
  onPushed?: () => void,
): Sender {
  /** In the order the machine asked for them. */
  const queue: Work[] = [];
  let running = false;
  let disposed = false;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  async function finish({ job, outgoing, sealing }: Work): Promise<void> {
    const [ticket, , , , plaintextLength] = job;
    try {
      const body = await sealing;
      if (disposed) return;
      // What was asked for is bounded by its receivers.
      while (onPushed !== undefined && connection.buffered > PUSHED_BYTES) await pause();
      if (disposed) return;
      const head = machine.bulkHead(ticket, lengthOf(body));
      // Nothing comes back when the receivers have gone back, or away, in the meantime.
      if (head === undefined) return;
      connection.send(head as Uint8Array<ArrayBuffer>, ...body);
      outgoing.onSent(plaintextLength);
    } catch (error) {
      if (disposed) return;
      machine.dropJob(ticket);
      outgoing.fail(error);
    }
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => (waiting = setTimeout(resolve, ROOM_POLL_MS)));
  }

  /** One loop, not a chain of promises: this is the hot path. */
  async function run(): Promise<void> {
    running = true;
    for (let work = queue[0]; work !== undefined; work = queue[0]) {
      await finish(work);
      queue.shift();
      if (onPushed === undefined) pump();
      else onPushed();
    }
    running = false;
  }

  function pump() {
    while (!disposed && queue.length < DEPTH) {
      const job = machine.nextBulk(now()) as BulkJob | undefined;
      if (job === undefined) return;
      const [ticket, transferId] = job;
      const outgoing = transfer(transferId);
      if (outgoing === undefined) {
        machine.dropJob(ticket);
        continue;
      }
      const sealing = outgoing.seal(job);
      sealing.catch(() => undefined);
      queue.push({ job, outgoing, sealing });
      // It fails only if the machine has, which the next frame will find out as well.
      if (!running) run().catch(() => undefined);
    }
  }

  return {
    pump,
    dispose() {
      disposed = true;
      clearTimeout(waiting);
    },
  };
}
