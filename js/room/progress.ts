import type { ReceiverProgress, TransferProgress, TransferState } from './file-types.js';

const MIN_INTERVAL_MS = 100;
const RATE_WINDOW_MS = 3000;

/** The progress of one transfer, and who waits for it to change. */
export interface ProgressMeter {
  readonly current: TransferProgress;
  /** Changes some of it. Listeners hear of a mere change of bytes at most ten times a second. */
  update(change: { state?: TransferState; bytes?: number; total?: number; receivers?: readonly ReceiverProgress[] }): void;
  events(): AsyncIterable<TransferProgress>;
}

/** Whether nothing more will happen. */
export function isOver(state: TransferState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled' || state === 'declined';
}

/** `onChange` is called whenever listeners are. */
export function createMeter(total: number | undefined, onChange: () => void): ProgressMeter {
  let current: TransferProgress = { state: 'waiting', bytes: 0, total, rate: 0, secondsLeft: undefined };
  const samples: { at: number; bytes: number }[] = [];
  let told = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waiting = new Set<() => void>();

  function tell() {
    clearTimeout(timer);
    timer = undefined;
    told = performance.now();
    for (const wake of [...waiting]) wake();
    onChange();
  }

  function rateAt(at: number, bytes: number): number {
    // Updates come thousands of times a second: samples are spaced out.
    if (at - (samples.at(-1)?.at ?? -Infinity) >= MIN_INTERVAL_MS) samples.push({ at, bytes });
    while (samples.length > 1 && at - (samples[0]?.at ?? at) > RATE_WINDOW_MS) samples.shift();
    const first = samples[0];
    if (first === undefined || at - first.at < MIN_INTERVAL_MS) return current.rate;
    return Math.max(0, ((bytes - first.bytes) * 1000) / (at - first.at));
  }

  return {
    get current() {
      return current;
    },
    update(change) {
      const before = current;
      const state = change.state ?? before.state;
      const bytes = change.bytes ?? before.bytes;
      const size = change.total ?? before.total;
      const at = performance.now();
      const rate = state === 'running' ? rateAt(at, bytes) : 0;
      const secondsLeft = rate > 0 && size !== undefined ? (size - bytes) / rate : undefined;
      const receivers = change.receivers ?? before.receivers;
      current = { state, bytes, total: size, rate, secondsLeft, ...(receivers !== undefined && { receivers }) };
      const wait = told + MIN_INTERVAL_MS - at;
      if (state !== before.state || wait <= 0) tell();
      else timer ??= setTimeout(tell, wait);
    },
    async *events() {
      let last: TransferProgress | undefined;
      for (;;) {
        if (current !== last) {
          last = current;
          yield last;
        }
        if (isOver(current.state)) return;
        if (current === last) {
          await new Promise<void>((resolve) => {
            const wake = () => {
              waiting.delete(wake);
              resolve();
            };
            waiting.add(wake);
          });
        }
      }
    },
  };
}
