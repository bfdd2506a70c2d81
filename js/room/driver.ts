import { isHushError } from '../errors.js';
import type { RoomMachine } from '../gen/room/glue.js';
import type { HushError } from '../types.js';
import { now } from './clock.js';
import type { MachineEvent } from './machine.js';

/** What a timer can wait for at most. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** What the machine's outputs lead to. */
export interface DriverHost {
  send(frame: Uint8Array<ArrayBuffer>): void;
  onEvent(event: MachineEvent): void;
  /** All outputs of a step were dealt with. Whether the machine may have more because of what follows from that. */
  onDrained(): boolean;
  /** The wasm instance is gone, and the room with it. */
  onBroken(error: HushError): void;
}

/** Runs the machine: every step is followed by what it leads to, and it hears of time when it wants to. */
export interface Driver {
  /**
   * Runs `action`, then whatever the machine wants done because of it.
   *
   * @throws What `action` throws; the room's end once it is over.
   */
  step<T>(action: (machine: RoomMachine) => T): T;
  /** As {@link step}, for what nobody waits for: what ends the room is told by its status. */
  stepAlone<T>(action: (machine: RoomMachine) => T): T | undefined;
  /** What is still in the machine is handed out; then it is left alone, and every step throws `reason`. */
  stop(reason: HushError): void;
}

export function createDriver(machine: RoomMachine, host: DriverHost): Driver {
  let stopped: HushError | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;

  function drain() {
    let drained = false;
    while (stopped === undefined) {
      const output = machine.poll() as Uint8Array<ArrayBuffer> | MachineEvent | undefined;
      if (output instanceof Uint8Array) host.send(output);
      else if (output !== undefined) host.onEvent(output);
      else if (drained || !host.onDrained()) return schedule();
      drained = output === undefined;
    }
  }

  /** Deadlines mostly move on, with every frame: a timer that comes too early is left, and asks again. */
  function schedule() {
    if (stopped !== undefined) return;
    const at = now();
    const deadline = machine.deadline(at) ?? Infinity;
    if (deadline >= timerAt) return;
    clearTimeout(timer);
    timerAt = deadline;
    timer = setTimeout(() => {
      timerAt = Infinity;
      stepAlone((it) => it.onTimer(now()));
    }, Math.min(MAX_TIMEOUT_MS, Math.max(0, deadline - at)));
  }

  function step<T>(action: (machine: RoomMachine) => T): T {
    if (stopped !== undefined) throw stopped;
    try {
      try {
        return action(machine);
      } finally {
        drain();
      }
    } catch (error) {
      if (isHushError(error) && error.code === 'INTERNAL') host.onBroken(error);
      throw error;
    }
  }

  function stepAlone<T>(action: (machine: RoomMachine) => T): T | undefined {
    try {
      return step(action);
    } catch (error) {
      if (stopped !== undefined) return undefined;
      throw error;
    }
  }

  return {
    step,
    stepAlone,
    stop(reason) {
      if (stopped !== undefined) return;
      // Frames that say goodbye are still in the machine; nothing can be had from one that is broken.
      for (let rest = reason.code !== 'INTERNAL'; rest;) {
        const output = machine.poll() as Uint8Array<ArrayBuffer> | MachineEvent | undefined;
        if (output instanceof Uint8Array) host.send(output);
        else if (output !== undefined && output.type !== 'closed') host.onEvent(output);
        rest = output !== undefined;
      }
      stopped = reason;
      clearTimeout(timer);
    },
  };
}
