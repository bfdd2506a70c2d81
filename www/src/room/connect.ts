import { useEffect, useRef, useState } from 'preact/hooks';

import { createRoom, joinRoom } from 'hushroom/room';
import type { Room } from 'hushroom/room';

import { explain, isAbort } from '../lib/errors.ts';
import { remember } from '../lib/storage.ts';
import { t } from '../strings.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';

/** What a room is opened or joined with. */
export type Entry =
  | { readonly how: 'create'; readonly name: string; readonly expirySeconds: number; readonly maxMembers: number }
  | { readonly how: 'join'; readonly name: string; readonly code: string };

/** The relay that hands out this page. */
const relay = new URL('/ws', location.href.replace(/^http/, 'ws')).href;

function connect(entry: Entry, signal: AbortSignal): Promise<Room> {
  if (entry.how === 'join') return joinRoom({ relay, code: entry.code, name: entry.name, signal });
  const { name, maxMembers, expirySeconds } = entry;
  return createRoom({ relay, name, maxMembers, signal, ...(expirySeconds > 0 && { expirySeconds }) });
}

/** An attempt to get into a room. */
export interface Attempt {
  readonly busy: boolean;
  /** Why the last attempt failed, as a sentence. */
  readonly problem: string | undefined;
  start(entry: Entry): void;
  cancel(): void;
  /** Shows a problem found before the attempt. */
  refuse(problem: string): void;
}

/** Gets into a room; `onEnter` is called once in. An attempt under way ends with the component. */
export function useConnect(onEnter: (session: Session) => void): Attempt {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const running = useRef<AbortController>(undefined);

  const cancel = () => {
    running.current?.abort();
    running.current = undefined;
    setBusy(false);
  };
  useEffect(() => () => running.current?.abort(), []);

  const start = async (entry: Entry) => {
    if (entry.name === '') {
      setProblem(t.nameMissing);
      return;
    }
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    setProblem(undefined);
    try {
      const room = await connect(entry, controller.signal);
      remember('name', entry.name);
      // From here on the signal would end the room; the component that holds it goes away now.
      running.current = undefined;
      onEnter(openSession(room));
    } catch (error) {
      if (running.current !== controller) return;
      running.current = undefined;
      setBusy(false);
      if (!isAbort(error)) setProblem(explain(error));
    }
  };
  return { busy, problem, start: (entry) => void start(entry), cancel, refuse: setProblem };
}
