import { hasDirectory, isHushError, register } from 'hushroom/people';
import type { Invitation, People } from 'hushroom/people';

import { ownDevice } from '../device/device.ts';
import { announce } from '../lib/announce.ts';
import { explain } from '../lib/errors.ts';
import { recall } from '../lib/storage.ts';
import { createStore } from '../lib/store.ts';
import type { Readable } from '../lib/store.ts';
import { relay } from '../room/connect.ts';
import { t } from '../strings.ts';

/** Where we stand with the relay's directory. */
export type Standing =
  /** Not asked yet, or it keeps none. */
  | { readonly at: 'unknown' | 'none' }
  /** Nobody here has registered. */
  | { readonly at: 'out' }
  /** Registered, but it did not answer. */
  | { readonly at: 'away'; readonly problem: string }
  | { readonly at: 'in'; readonly people: People };

const standing = createStore<Standing>({ at: 'unknown' });
const inbox = createStore<readonly Invitation[]>([]);

/** The directory of the relay that hands out this page. */
export const directory = {
  standing: standing as Readable<Standing>,
  inbox: inbox as Readable<readonly Invitation[]>,
  enter,
  signUp,
  refresh,
  settle,
} as const;

let entering: Promise<void> | undefined;

/** Finds out whether there is a directory, and comes back as who we are in it. */
function enter(): Promise<void> {
  entering ??= find().finally(() => (entering = undefined));
  return entering;
}

async function find(): Promise<void> {
  if (standing.get().at === 'in') return;
  try {
    if (!(await hasDirectory(relay))) return standing.set({ at: 'none' });
    await signUp();
  } catch (error) {
    // Without a user id only who is in the store already comes in.
    if (isHushError(error) && error.code === 'INVALID_ARGUMENT') standing.set({ at: 'out' });
    else standing.set({ at: 'away', problem: explain(error) });
  }
}

/**
 * Registers under a user id; without one comes back under the one that the store holds.
 *
 * @throws As `register`.
 */
async function signUp(userId?: string): Promise<void> {
  const { store } = await ownDevice();
  const name = recall('name');
  const people = await register({
    relay,
    store,
    ...(userId !== undefined && { userId }),
    ...(name !== undefined && { name }),
  });
  standing.set({ at: 'in', people });
  await refresh();
}

/**
 * Fetches what waits.
 *
 * @throws As `people.invitations`.
 */
async function refresh(): Promise<void> {
  const now = standing.get();
  if (now.at !== 'in') return;
  const known = inbox.get().length;
  // Each call gives new objects, and the newest are the ones that can be acknowledged.
  const invitations = await now.people.invitations();
  inbox.set(invitations);
  if (invitations.length > known) announce(t.directory.inboxCount(invitations.length));
}

/** Takes an invitation out for good, once it was opened or dismissed. */
async function settle(invitation: Invitation): Promise<void> {
  const now = standing.get();
  if (now.at !== 'in') return;
  await now.people.acknowledge(invitation);
  inbox.update((all) => all.filter((other) => other !== invitation));
}
