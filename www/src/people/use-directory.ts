import type { Invitation } from 'hushroom/people';
import { useEffect, useState } from 'preact/hooks';

import { explain } from '../lib/errors.ts';
import { useStore } from '../lib/store.ts';
import { directory } from './directory.ts';
import type { Standing } from './directory.ts';

/** Between two looks into the mailbox while the page is on screen. */
const LOOK_MS = 60_000;

/** Where we stand with the directory. It is asked when the component appears. */
export function useDirectory(): Standing {
  useEffect(() => void directory.enter(), []);
  return useStore(directory.standing);
}

/** The mailbox, and a way to look again. */
export interface Inbox {
  readonly invitations: readonly Invitation[];
  readonly busy: boolean;
  readonly problem: string | undefined;
  look(): Promise<void>;
}

/** What waits for us. Looked for every minute while the page is on screen, and when it comes back to it. */
export function useInbox(): Inbox {
  const invitations = useStore(directory.inbox);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const look = async () => {
    setBusy(true);
    try {
      await directory.refresh();
      setProblem(undefined);
    } catch (error) {
      setProblem(explain(error));
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    let lookedAt = Date.now();
    const lookIfDue = () => {
      if (document.visibilityState !== 'visible' || Date.now() - lookedAt < LOOK_MS) return;
      lookedAt = Date.now();
      void look();
    };
    const timer = setInterval(lookIfDue, LOOK_MS / 4);
    document.addEventListener('visibilitychange', lookIfDue);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', lookIfDue);
    };
  }, []);
  return { invitations, busy, problem, look };
}

/** Something that is done once at a time, and what went wrong with it. */
export function useTask(): {
  readonly busy: boolean;
  readonly problem: string | undefined;
  run(work: () => Promise<void>): void;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, run: (work) => void run(work) };
}
