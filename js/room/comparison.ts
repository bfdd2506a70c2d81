import { hushError, isHushError } from '../errors.js';
import type { RoomMachine } from '../gen/room/glue.js';
import { now } from './clock.js';
import type { MachineEvent } from './machine.js';
import type { Comparison, Member, RoomEvent } from './types.js';

/** What comparisons need of their room. */
export interface ComparisonHost {
  step<T>(action: (machine: RoomMachine) => T): T;
  emit(event: RoomEvent): void;
  member(id: string): Member;
  /** Keeps what a comparison has shown: this member's device is the one it should be. */
  verify(memberId: string): Promise<void>;
}

/** The live comparisons of a room, one for each member. */
export interface Comparisons {
  start(memberId: string): Comparison;
  onEvent(event: Extract<MachineEvent, { type: 'comparison' }>): void;
  /** The room is over, and its machine says no more. */
  endAll(): void;
}

/** One comparison, over all of its states. */
interface Course {
  latest: Comparison;
  readonly methods: Pick<Comparison, 'accept' | 'confirm' | 'cancel' | 'done'>;
  finish(verified: boolean): void;
}

export function createComparisons({ step, emit, member, verify }: ComparisonHost): Comparisons {
  const courses = new Map<string, Course>();

  function begin(memberId: string): Course {
    let finish!: (verified: boolean) => void;
    const done = new Promise<boolean>((resolve) => (finish = resolve));
    /** A method that is kept must not reach into a later comparison with the same member. */
    const running = () => courses.get(memberId) === course;
    const ensureRunning = () => {
      if (!running()) throw hushError('INVALID_STATE', 'this comparison is over');
    };
    const methods: Course['methods'] = {
      accept() {
        ensureRunning();
        step((it) => it.compareAccept(memberId, now()));
      },
      confirm(same) {
        if (typeof same !== 'boolean') throw new TypeError('same must be a boolean');
        ensureRunning();
        step((it) => it.compareConfirm(memberId, same, now()));
      },
      cancel() {
        if (running()) step((it) => it.compareCancel(memberId, now()));
      },
      done,
    };
    const course: Course = { latest: { member: member(memberId), state: 'waiting', ...methods }, methods, finish };
    courses.set(memberId, course);
    return course;
  }

  function onEvent({ member: id, state, pictures, decimals, reason }: Parameters<Comparisons['onEvent']>[0]) {
    const course = courses.get(id) ?? begin(id);
    const over = state === 'verified' || state === 'failed';
    course.latest = {
      member: member(id), state, ...(pictures !== null && { pictures }), ...(decimals !== null && { decimals }),
      ...(reason !== null && { reason }), ...course.methods,
    };
    if (over) courses.delete(id);
    emit({ type: 'comparison', comparison: course.latest });
    if (!over) return;
    if (state === 'failed') course.finish(false);
    else void keep(id, course);
  }

  /** A store that fails is told of: the state alone says that all is well. */
  async function keep(id: string, course: Course): Promise<void> {
    try {
      await verify(id);
      course.finish(true);
    } catch (cause) {
      const error = isHushError(cause) ? cause : hushError('STORE_FAILED', 'the comparison could not be kept', cause);
      emit({ type: 'error', error, from: course.latest.member });
      course.finish(false);
    }
  }

  return {
    onEvent,
    endAll() {
      for (const id of [...courses.keys()]) {
        onEvent({ type: 'comparison', member: id, state: 'failed', pictures: null, decimals: null, reason: 'cancelled' });
      }
    },
    start(memberId) {
      step((it) => it.compare(memberId, now()));
      const course = courses.get(memberId);
      // The machine has said by now that it waits.
      return (course ?? begin(memberId)).latest;
    },
  };
}
