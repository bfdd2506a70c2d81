import { checkObject, checkString } from '../check.js';
import { hushError } from '../errors.js';
import type { FoundPerson, PeopleMachine } from '../gen/room/glue.js';
import type { IdentityStore } from '../identity/types.js';
import { keeperOf } from '../room/index.js';
import type { Ask } from './directory.js';
import type { CallOptions, Contact, Invitation, People } from './types.js';
import { peopleWasm } from './wasm.js';

/** One-time keys are topped up to as many as a directory keeps, when fewer than half are left. */
const ONE_TIME_KEYS = 100;
const FEW_ONE_TIME_KEYS = 50;
/** Most that one frame acknowledges. */
const MAX_RECEIPTS = 100;

interface Parts {
  readonly ask: Ask;
  readonly store: IdentityStore;
  /** Unix seconds. */
  readonly now: () => number;
  /** Absent to keep the one that was published before. */
  readonly name: string | undefined;
}

/** What the wasm gives of fetched mail. */
interface Mail {
  readonly invitations: readonly (Invitation & { readonly receipt: Uint8Array })[];
  readonly useless: readonly Uint8Array[];
  readonly last?: number;
  readonly more: boolean;
}

/** One turn at the store: what it holds, made a machine for as long as the turn lasts. */
interface Turn {
  readonly machine: PeopleMachine;
  readonly signal: AbortSignal | undefined;
  /** Keeps what has changed: before anything that depends on it is sent. */
  save(): Promise<void>;
}

/**
 * A registered user. Each call loads what the store holds and keeps what it changed, so that nothing secret stays in memory and two
 * tabs do not overwrite each other.
 */
export class User implements People {
  readonly #parts: Parts;
  readonly #receipts = new WeakMap<Invitation, Uint8Array>();
  #own = { userId: '', identityKey: '', directoryKey: '' };

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get userId(): string {
    return this.#own.userId;
  }

  get identityKey(): string {
    return this.#own.identityKey;
  }

  get directoryKey(): string {
    return this.#own.directoryKey;
  }

  /** Makes an identity if there is none, and publishes it. */
  async start(userId: string | undefined, directoryKey: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    await this.#turn(signal, (turn) => this.#publish(turn), (kept) => {
      if (userId === undefined) throw hushError('INVALID_ARGUMENT', 'a new user needs a user id');
      return peopleWasm().PeopleMachine.create(userId, directoryKey, kept);
    });
  }

  renew(options: CallOptions = {}): Promise<void> {
    return this.#turn(signalOf(options), (turn) => this.#publish(turn));
  }

  lookup(userId: string, options: CallOptions = {}): Promise<Contact> {
    checkString('userId', userId);
    return this.#turn(signalOf(options), async (turn) => {
      const found = await this.#lookup(turn, userId, false);
      try {
        return found.details() as Contact;
      } finally {
        found.free();
      }
    });
  }

  invite(userId: string, code: string, options: CallOptions & { readonly text?: string } = {}): Promise<Contact> {
    checkString('userId', userId);
    checkString('code', code);
    const signal = signalOf(options);
    const { text = '' } = options;
    checkString('text', text);
    return this.#turn(signal, async (turn) => {
      const found = await this.#lookup(turn, userId, true);
      try {
        const request = turn.machine.invite(found, code, text, this.#parts.now());
        await this.#done(turn, request);
        return found.details() as Contact;
      } finally {
        found.free();
      }
    });
  }

  invitations(options: CallOptions = {}): Promise<Invitation[]> {
    return this.#turn(signalOf(options), async (turn) => {
      const invitations: Invitation[] = [];
      const useless: Uint8Array[] = [];
      for (let after = 0, more = true; more; ) {
        const request = turn.machine.fetch(await this.#challenge(turn), after);
        const answer = await this.#parts.ask(request, turn.signal);
        const mail = turn.machine.fetched(request, answer, this.#parts.now()) as Mail;
        for (const { receipt, ...invitation } of mail.invitations) {
          this.#receipts.set(invitation, receipt);
          invitations.push(invitation);
        }
        useless.push(...mail.useless);
        more = mail.more && mail.last !== undefined && mail.last > after;
        after = mail.last ?? after;
      }
      // What does not open, or was dealt with, would only take up room.
      if (useless.length > 0) await this.#acknowledge(turn, useless);
      return invitations;
    });
  }

  acknowledge(invitation: Invitation, options: CallOptions = {}): Promise<void> {
    const receipt = this.#receipts.get(invitation);
    if (receipt === undefined) throw hushError('INVALID_ARGUMENT', 'not an invitation of this user');
    return this.#turn(signalOf(options), (turn) => this.#acknowledge(turn, [receipt]));
  }

  acknowledgeKey(contact: Contact): Promise<void> {
    checkObject('contact', contact);
    checkString('userId', contact.userId);
    checkString('identityKey', contact.identityKey);
    return this.#turn(undefined, async (turn) => {
      turn.machine.acknowledgeKey(contact.userId, contact.identityKey);
      await turn.save();
    });
  }

  replaceIdentity(options: CallOptions = {}): Promise<void> {
    return this.#turn(signalOf(options), async (turn) => {
      turn.machine.replaceIdentity();
      await turn.save();
      await this.#publish(turn);
    });
  }

  remove(options: CallOptions = {}): Promise<void> {
    return this.#turn(signalOf(options), async (turn) => {
      await this.#done(turn, turn.machine.remove(await this.#challenge(turn)));
    });
  }

  async #lookup({ machine, signal, save }: Turn, userId: string, oneTime: boolean): Promise<FoundPerson> {
    const request = machine.lookup(userId, oneTime);
    const answer = await this.#parts.ask(request, signal);
    const found = machine.lookedUp(userId, request, answer, this.#parts.now());
    await save();
    return found;
  }

  async #publish(turn: Turn): Promise<void> {
    const { machine, signal } = turn;
    const { ask, now, name } = this.#parts;
    const lookup = machine.lookup(machine.user(), false);
    const due = machine.lookupOwn(lookup, await ask(lookup, signal), name, now());
    if (due) {
      const request = machine.publish(await this.#challenge(turn), name, now());
      await turn.save();
      machine.published(request, await ask(request, signal), now());
    }
    let left = await this.#done(turn, machine.addKeys(await this.#challenge(turn), 0, now()));
    if (left < FEW_ONE_TIME_KEYS) {
      const request = machine.addKeys(await this.#challenge(turn), ONE_TIME_KEYS - left, now());
      await turn.save();
      left = await this.#done(turn, request);
    }
    await turn.save();
  }

  async #acknowledge(turn: Turn, receipts: readonly Uint8Array[]): Promise<void> {
    for (let at = 0; at < receipts.length; at += MAX_RECEIPTS) {
      const some = receipts.slice(at, at + MAX_RECEIPTS);
      const request = turn.machine.acknowledge(await this.#challenge(turn), some, this.#parts.now());
      await turn.save();
      await this.#done(turn, request);
    }
  }

  async #challenge({ machine, signal }: Turn): Promise<Uint8Array> {
    const request = machine.hail();
    return machine.challenge(request, await this.#parts.ask(request, signal), this.#parts.now());
  }

  /** Sends a request that only wants to be done. */
  async #done({ machine, signal }: Turn, request: Uint8Array): Promise<number> {
    return machine.done(request, await this.#parts.ask(request, signal), this.#parts.now());
  }

  /** Runs `work` when nobody else is at the store. `create` makes the user that is not there yet; it is kept by the first `save`. */
  #turn<T>(
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
    create?: (kept: Uint8Array | undefined) => PeopleMachine,
  ): Promise<T> {
    const keeper = keeperOf(this.#parts.store);
    return keeper.turn(async () => {
      signal?.throwIfAborted();
      const kept = await keeper.get();
      const { PeopleMachine } = peopleWasm();
      // What rooms have kept has an identity, and no user yet.
      const registered = kept !== undefined && PeopleMachine.isRegistered(kept);
      const machine = registered ? PeopleMachine.load(kept) : create?.(kept);
      if (machine === undefined) throw hushError('INVALID_STATE', 'the store has lost the identity');
      const save = () => keeper.set(machine.state());
      try {
        return await work({ machine, signal, save });
      } finally {
        const [userId, identityKey, directoryKey] = [machine.user(), machine.identityKey(), machine.directoryKey() ?? ''];
        this.#own = { userId, identityKey, directoryKey };
        machine.free();
      }
    });
  }
}

function signalOf(options: CallOptions): AbortSignal | undefined {
  checkObject('options', options);
  return options.signal;
}
