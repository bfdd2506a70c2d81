import type { RoomMachine } from '../gen/room/glue.js';
import { now } from './clock.js';
import type { BulkJob } from './machine.js';
import type { Outgoing } from './outgoing.js';
import { lengthOf } from './parts.js';

/** Segments being read and sealed at once, over all transfers. */
const DEPTH = 8;

/** Keeps segments coming as fast as the machine allows, and sends them in the order it asked for. */
export interface Sender {
  /** The machine may have work: called after everything that happens. */
  pump(): void;
  dispose(): void;
}

/** A segment on its way. */
interface Work {
  readonly ticket: number;
  readonly outgoing: Outgoing;
  readonly sealing: Promise<readonly Uint8Array<ArrayBuffer>[]>;
}

export function createSender(
  machine: RoomMachine,
  transfer: (id: string) => Outgoing | undefined,
  send: (parts: readonly Uint8Array<ArrayBuffer>[]) => void,
): Sender {
  /** In the order the machine asked for them. */
  const queue: Work[] = [];
  let running = false;
  let disposed = false;

  async function finish({ ticket, outgoing, sealing }: Work): Promise<void> {
    try {
      const body = await sealing;
      if (disposed) return;
      const head = machine.bulkHead(ticket, lengthOf(body));
      // Nothing comes back when the receivers have gone back, or away, in the meantime.
      if (head !== undefined) send([head as Uint8Array<ArrayBuffer>, ...body]);
    } catch (error) {
      if (disposed) return;
      machine.dropJob(ticket);
      outgoing.fail(error);
    }
  }

  /** One loop, not a chain of promises: this is the hot path. */
  async function run(): Promise<void> {
    running = true;
    for (let work = queue[0]; work !== undefined; work = queue[0]) {
      await finish(work);
      queue.shift();
      pump();
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
      queue.push({ ticket, outgoing, sealing });
      // It fails only if the machine has, which the next frame will find out as well.
      if (!running) run().catch(() => undefined);
    }
  }

  return {
    pump,
    dispose() {
      disposed = true;
    },
  };
}
