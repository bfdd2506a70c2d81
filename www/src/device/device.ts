import { indexedDbStore, memoryStore, openIdentity } from 'hushroom/room';
import type { Identity, IdentityStore } from 'hushroom/room';
import { useEffect, useState } from 'preact/hooks';

/** Who this browser is in every room, and in the directory. */
export interface Device {
  readonly identity: Identity;
  /** Where it is kept. */
  readonly store: IdentityStore;
  /** Whether it outlives the page. */
  readonly lasting: boolean;
}

async function keepIn(store: IdentityStore, lasting: boolean): Promise<Device> {
  return { identity: await openIdentity({ store }), store, lasting };
}

async function open(): Promise<Device> {
  try {
    return await keepIn(indexedDbStore(), true);
  } catch {
    // Missing, as without https; refused, as in some private modes; or what it holds cannot be opened any more.
    return keepIn(memoryStore(), false);
  }
}

let opened: Promise<Device> | undefined;

/** The identity of this browser: made at the first use, the same from then on. */
export function ownDevice(): Promise<Device> {
  opened ??= open();
  // A wasm that did not load may load the next time.
  opened.catch(() => (opened = undefined));
  return opened;
}

/** The identity of this browser, once it is there. */
export function useDevice(): Device | undefined {
  const [device, setDevice] = useState<Device>();
  useEffect(() => {
    let over = false;
    // Entering a room says what is wrong, if something is.
    ownDevice().then((ours) => !over && setDevice(ours), () => undefined);
    return () => void (over = true);
  }, []);
  return device;
}

/** The beginning of a key, for people: enough to tell one's own devices apart, never to be sure of another's. */
export const shortKey = (key: string): string => (key.slice(0, 12).match(/.{1,4}/g) ?? []).join(' ');
