import { useEffect, useRef, useState } from 'preact/hooks';

import { createRoom, isHushError, joinRoom } from 'hushroom/room';
import type { HushErrorCode, Identity, Protocol, Room } from 'hushroom/room';

import { ownDevice } from '../device/device.ts';
import { explain, isAbort } from '../lib/errors.ts';
import { remember } from '../lib/storage.ts';
import { t } from '../strings.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';

/** What a room is opened with. */
export interface CreateEntry {
  readonly how: 'create';
  readonly name: string;
  readonly protocol: Protocol;
  /** 0: as long as somebody is in it. */
  readonly expirySeconds: number;
  /** Native rooms only. */
  readonly maxMembers: number;
  /** 0: messages stay. */
  readonly ephemeralSeconds: number;
  /** Arthas rooms only; empty: none. */
  readonly password: string;
}

/** What a room is joined with. */
export interface JoinEntry {
  readonly how: 'join';
  readonly name: string;
  readonly protocol: Protocol;
  readonly code: string;
  /** Empty until the room has asked for one. */
  readonly password: string;
}

/** What a room is opened or joined with. */
export type Entry = CreateEntry | JoinEntry;

/** The relay that hands out this page. */
export const relay: string = new URL('/ws', location.href.replace(/^http/, 'ws')).href;

/** In characters; Arthas' clients set the same. */
const ARTHAS_NAME_LENGTH = 20;
export const PASSWORD_LENGTHS = { min: 4, max: 20 } as const;

/** Opens or joins a room as the device that this browser is. */
export async function connect(entry: Entry, signal: AbortSignal): Promise<Room> {
  const { identity } = await ownDevice();
  return enter(entry, identity, signal);
}

function enter(entry: Entry, identity: Identity, signal: AbortSignal): Promise<Room> {
  const { name, protocol } = entry;
  const password = protocol === 'arthas' && entry.password !== '' ? { password: entry.password } : {};
  if (entry.how === 'join') return joinRoom({ relay, code: entry.code, name, identity, signal, ...password });
  const { maxMembers, expirySeconds, ephemeralSeconds } = entry;
  return createRoom({
    relay,
    name,
    protocol,
    identity,
    signal,
    ...password,
    ...(protocol === 'hush1' && { maxMembers }),
    ...(expirySeconds > 0 && { expirySeconds }),
    ...(ephemeralSeconds > 0 && { ephemeralSeconds }),
  });
}

/** What is wrong with an entry before anything is tried. */
function findFault({ how, name, protocol, password }: Entry): string | undefined {
  if (name === '') return t.nameMissing;
  if (protocol !== 'arthas') return undefined;
  if ([...name].length > ARTHAS_NAME_LENGTH) return t.nameTooLong;
  const { length } = [...password];
  const fits = length >= PASSWORD_LENGTHS.min && length <= PASSWORD_LENGTHS.max;
  // Who joins takes what others have set, elsewhere maybe by other rules.
  return how === 'create' && length > 0 && !fits ? t.password.length : undefined;
}

/** An attempt to get into a room. */
export interface Attempt {
  readonly busy: boolean;
  /** Why the last attempt failed, as a sentence. */
  readonly problem: string | undefined;
  /** Its code, if it has one. */
  readonly code: HushErrorCode | undefined;
  /** Whether the room asks for a password. Stays once it is known. */
  readonly needsPassword: boolean;
  start(entry: Entry): void;
  cancel(): void;
}

/** Gets into a room; `onEnter` is called once in. An attempt under way ends with the component. */
export function useConnect(onEnter: (session: Session) => void): Attempt {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [code, setCode] = useState<HushErrorCode>();
  const [needsPassword, setNeedsPassword] = useState(false);
  const running = useRef<AbortController>(undefined);

  const cancel = () => {
    running.current?.abort();
    running.current = undefined;
    setBusy(false);
  };
  useEffect(() => () => running.current?.abort(), []);

  const start = async (entry: Entry) => {
    const fault = findFault(entry);
    setProblem(fault);
    setCode(undefined);
    if (fault !== undefined) return;
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
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
      setCode(isHushError(error) ? error.code : undefined);
      const asks = isHushError(error) && error.code === 'WRONG_PASSWORD';
      if (asks) setNeedsPassword(true);
      // Nobody can know of a password before the room asks for it: then it is a question and no failure.
      if (!isAbort(error) && !(asks && entry.password === '')) setProblem(explain(error));
    }
  };
  return { busy, problem, code, needsPassword, start: (entry) => void start(entry), cancel };
}
