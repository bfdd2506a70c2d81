import { effectScope, type EffectScope } from 'vue';

import type { Room } from '../../js/room/index.js';
import type { OpenRoom } from '../../js/vue/index.js';
import { gate, turn } from '../js/fake-room.js';

/** A function that opens a room when the test says so, and what it was called with. */
export interface FakeOpen {
  readonly open: OpenRoom;
  readonly signals: AbortSignal[];
  resolve(room: Room): Promise<void>;
  reject(error: unknown): Promise<void>;
}

export function fakeOpen(): FakeOpen {
  const { promise, open, fail } = gate<Room>();
  const signals: AbortSignal[] = [];
  return {
    open({ signal }) {
      signals.push(signal);
      return promise;
    },
    signals,
    resolve(room) {
      open(room);
      return turn();
    },
    reject(error) {
      fail(error);
      return turn();
    },
  };
}

/** Runs `use` in an effect scope, and stops the scope. */
export async function inScope(use: (scope: EffectScope) => unknown): Promise<void> {
  const scope = effectScope();
  try {
    await scope.run(() => use(scope));
  } finally {
    scope.stop();
    await turn();
  }
}
