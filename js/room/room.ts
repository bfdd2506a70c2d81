import { hushError, isHushError } from '../errors.js';
import type { RoomMachine } from '../gen/room/glue.js';
import type { HushError } from '../types.js';
import { now } from './clock.js';
import { createInbox, type Inbox } from './inbox.js';
import { createIncoming, type Incoming } from './incoming.js';
import type { BulkIn, MachineEvent } from './machine.js';
import { createOutgoing, type Outgoing } from './outgoing.js';
import { createSender } from './sender.js';
import { openSocket, type Socket } from './socket.js';
import { createStore } from './store.js';
import type { ConnectOptions, Member, Message, Room, RoomEvent, WebSocketConstructor } from './types.js';

const DEFAULT_INBOX = 1024;
const TYPING_INTERVAL_MS = 3000;
/** Waits between attempts to come back: doubling, with jitter so that a restarted relay is not stormed. */
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 15_000;
const GOING_AWAY = 1000;

/** What a room is made of. */
export interface RoomParts {
  readonly machine: RoomMachine;
  readonly code: string;
  readonly url: string;
  readonly WebSocket: WebSocketConstructor;
  readonly options: ConnectOptions;
}

/** Connects; resolves once the room is entered. */
export function enterRoom({ machine, code, url, WebSocket, options }: RoomParts): Promise<Room> {
  const self: Member = { id: machine.selfId(), name: machine.name(), self: true, deviceKey: machine.deviceKey(), presence: 'here' };
  const store = createStore(self);
  const inboxes = new Set<Inbox>();
  const incoming = new Map<string, Incoming>();
  const outgoing = new Map<string, Outgoing>();
  const waiting = new Map<string, { resolve: (message: Message | undefined) => void; reject: (error: unknown) => void }>();
  const gone = new Map<string, Member>();
  let socket: Socket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let attempts = 0;
  let entered = false;
  let closed = false;
  let closing: Promise<void> | undefined;
  let closeReason: HushError | undefined;
  let typingSent = -Infinity;
  let resolveEntered!: (room: Room) => void;
  let rejectEntered!: (error: unknown) => void;
  const sender = createSender(machine, (id) => outgoing.get(id), (parts) => socket?.send(...parts));

  function emit(event: RoomEvent) {
    for (const inbox of [...inboxes]) inbox.push(event);
  }

  function memberOf(id: string): Member {
    // A member that has just left may still be named by what it said before.
    return store.member(id) ?? gone.get(id) ?? { id, name: '', self: false, deviceKey: '', presence: 'away' };
  }

  /** Runs `action`, then whatever the machine wants done because of it. */
  function step<T>(action: (machine: RoomMachine) => T): T {
    if (closed) throw closeReason ?? hushError('CLOSED', 'the room is closed');
    try {
      try {
        return action(machine);
      } finally {
        drain();
      }
    } catch (error) {
      // The wasm instance is gone, and the room with it.
      if (isHushError(error) && error.code === 'INTERNAL') finish(error);
      throw error;
    }
  }

  /** As {@link step}, for what nobody waits for: what ends the room is told by its status. */
  function stepAlone<T>(action: (machine: RoomMachine) => T): T | undefined {
    try {
      return step(action);
    } catch (error) {
      if (closed) return undefined;
      throw error;
    }
  }

  function drain() {
    for (;;) {
      if (closed) return;
      const output = machine.poll() as Uint8Array<ArrayBuffer> | MachineEvent | undefined;
      if (output === undefined) break;
      if (output instanceof Uint8Array) socket?.send(output);
      else onEvent(output);
    }
    schedule();
    sender.pump();
    store.flush();
  }

  /** Deadlines mostly move on, with every frame: a timer that comes too early is left, and asks again. */
  function schedule() {
    const at = now();
    const deadline = machine.deadline(at) ?? Infinity;
    if (deadline >= timerAt) return;
    clearTimeout(timer);
    timerAt = deadline;
    timer = setTimeout(() => {
      timerAt = Infinity;
      stepAlone((it) => it.onTimer(now()));
    }, Math.max(0, deadline - at));
  }

  function connect() {
    clearTimeout(retryTimer);
    if (closed) return;
    socket = openSocket(WebSocket, url, {
      onOpen: () => stepAlone((it) => it.onConnected(now())),
      onFrame: (frame) => {
        const bulk = stepAlone((it) => it.onFrame(frame, now()) as BulkIn | undefined);
        if (bulk === undefined) return;
        const [transfer, segment, last, end, bodyStart] = bulk;
        incoming.get(transfer)?.onBulk(segment, last, end, frame.subarray(bodyStart));
      },
      onClose: () => {
        stepAlone((it) => it.onDisconnected());
        reconnect(0);
      },
    });
  }

  function reconnect(afterMs: number) {
    if (closed) return;
    void socket?.close(GOING_AWAY);
    socket = undefined;
    if (!entered) {
      finish(hushError('CONNECT_FAILED', 'the relay cannot be reached'));
      return;
    }
    if (store.snapshot.status !== 'reconnecting') {
      store.setStatus('reconnecting');
      emit({ type: 'status', status: 'reconnecting' });
      for (const it of [...incoming.values(), ...outgoing.values()]) it.onConnection(false);
    }
    const backoff = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts);
    attempts += 1;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, Math.max(afterMs, backoff * (0.5 + Math.random() / 2)));
    store.flush();
  }

  function onOpened(expiresAt: number) {
    attempts = 0;
    store.setStatus('open', expiresAt);
    emit({ type: 'status', status: 'open' });
    if (expiresAt > 0) emit({ type: 'expiry', expiresAt });
    for (const it of [...incoming.values(), ...outgoing.values()]) it.onConnection(true);
    if (!entered) {
      entered = true;
      resolveEntered(room);
    }
  }

  function onEvent(event: MachineEvent): void {
    switch (event.type) {
      case 'opened':
        return onOpened(event.expiresAt);
      case 'closed':
        return finish(event.code === 'CLOSED' ? undefined : hushError(event.code, event.message));
      case 'reconnect':
        return reconnect(event.afterMs);
      case 'disconnect':
        return;
      case 'member-joined': {
        const member: Member = { id: event.id, name: event.name, self: false, deviceKey: event.deviceKey, presence: 'here' };
        store.putMember(member);
        return emit({ type: 'member-joined', member });
      }
      case 'member-left': {
        const member = store.removeMember(event.id);
        if (member === undefined) return;
        gone.set(member.id, member);
        return emit({ type: 'member-left', member });
      }
      case 'member-presence': {
        const member: Member = { ...memberOf(event.id), presence: event.here ? 'here' : 'away' };
        store.putMember(member);
        if (!event.here) store.setTyping(event.id, false);
        return emit({ type: 'member-presence', member });
      }
      case 'message':
        return onMessage(event);
      case 'accepted':
        return onAccepted(event.id, event.receivedAt);
      case 'reaction': {
        const { messageId, emoji, remove } = event;
        store.react(messageId, emoji, event.from, !remove);
        return emit({ type: 'reaction', messageId, emoji, action: remove ? 'remove' : 'add', from: memberOf(event.from) });
      }
      case 'typing':
        store.setTyping(event.from, event.on);
        return emit({ type: 'typing', from: memberOf(event.from), typing: event.on });
      case 'file-offer':
        return onFileOffer(event);
      case 'incoming-size':
        return incoming.get(event.id)?.onSize(event.size);
      case 'incoming-ended':
        return onIncomingEnded(event.id, hushError(event.code, event.message));
      case 'receiver':
        return outgoing.get(event.id)?.onReceiver(event);
      case 'outgoing-ended':
        outgoing.get(event.id)?.onEnded(event.code === null ? undefined : hushError(event.code, event.message));
        outgoing.delete(event.id);
        return;
      case 'error': {
        const error = hushError(event.code, event.message);
        return emit({ type: 'error', error, ...(event.from !== null && { from: memberOf(event.from) }) });
      }
    }
  }

  function onMessage(event: Extract<MachineEvent, { type: 'message' }>) {
    const { id, text, replyTo, sentAt, receivedAt } = event;
    const from = memberOf(event.from);
    const message: Message = { id, from, text, ...(replyTo !== null && { replyTo }), sentAt, receivedAt, accepted: true, reactions: {} };
    store.putMessage(message);
    store.setTyping(event.from, false);
    emit({ type: 'message', message, fromSelf: false });
  }

  function onAccepted(id: string, receivedAt: number) {
    const message = store.message(id);
    if (message !== undefined) store.putMessage({ ...message, accepted: true, receivedAt });
    waiting.get(id)?.resolve(store.message(id));
    waiting.delete(id);
  }

  function onFileOffer({ id, from, name, mime, size }: Extract<MachineEvent, { type: 'file-offer' }>) {
    const it = createIncoming(
      {
        step,
        onChange(transfer) {
          store.putTransfer(transfer);
          emit({ type: 'transfer', transfer });
          if (transfer.state === 'done') incoming.delete(id);
          store.flush();
        },
        onAnswered(answered) {
          store.removeOffer(answered);
          store.flush();
        },
        onReopened(offer) {
          store.putOffer(offer);
          store.flush();
        },
      },
      memberOf(from),
      { id, name, mime, size: size ?? undefined },
    );
    incoming.set(id, it);
    store.putOffer(it.offer);
    emit({ type: 'file-offer', offer: it.offer });
  }

  function onIncomingEnded(id: string, error: HushError) {
    const it = incoming.get(id);
    if (it === undefined) return;
    incoming.delete(id);
    store.removeOffer(id);
    it.onEnded(error);
    if (it.transfer === undefined) emit({ type: 'file-withdrawn', offerId: id, from: it.offer.from });
  }

  /** The room is over, by our wish (no reason) or not. */
  function finish(reason: HushError | undefined) {
    if (closed) return;
    closeReason = reason;
    const error = reason ?? hushError('CLOSED', 'the room was closed');
    // Frames that say goodbye are still in the machine.
    if (reason?.code !== 'INTERNAL') {
      for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
        if (output instanceof Uint8Array) socket?.send(output as Uint8Array<ArrayBuffer>);
        else if ((output as MachineEvent).type !== 'closed') onEvent(output as MachineEvent);
      }
    }
    closed = true;
    for (const it of [...outgoing.values(), ...incoming.values()]) it.onEnded(error);
    outgoing.clear();
    incoming.clear();
    clearTimeout(timer);
    clearTimeout(retryTimer);
    sender.dispose();
    options.signal?.removeEventListener('abort', onAbort);
    for (const it of waiting.values()) it.reject(error);
    waiting.clear();
    store.setStatus('closed');
    emit({ type: 'status', status: 'closed', ...(reason !== undefined && { reason }) });
    for (const inbox of [...inboxes]) inbox.end();
    closing = socket?.close(GOING_AWAY) ?? Promise.resolve();
    store.flush();
    store.dispose();
    // Wipes the keys; nothing calls the machine once `closed` is set.
    machine.free();
    if (!entered) rejectEntered(options.signal?.aborted === true ? options.signal.reason : error);
  }

  function onAbort() {
    void room.close();
  }

  /** Resolves when the relay has taken the post `id`; `undefined` when it was no message. */
  function accepted(id: string, signal?: AbortSignal): Promise<Message | undefined> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        waiting.delete(id);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      const clean = () => signal?.removeEventListener('abort', abort);
      waiting.set(id, {
        resolve: (message) => (clean(), resolve(message)),
        reject: (error) => (clean(), reject(error)),
      });
    });
  }

  const room: Room = {
    code,
    get status() {
      return store.snapshot.status;
    },
    get closeReason() {
      return closeReason;
    },
    get members() {
      return store.snapshot.members;
    },
    selfId: self.id,
    getSnapshot: () => store.snapshot,
    subscribe: store.subscribe,
    events({ signal } = {}) {
      signal?.throwIfAborted();
      const inbox = createInbox(options.inboxSize ?? DEFAULT_INBOX, () => inboxes.delete(inbox), signal);
      if (closed) inbox.end();
      else inboxes.add(inbox);
      return inbox.events;
    },
    async send(text, { replyTo, signal } = {}) {
      signal?.throwIfAborted();
      if (typeof text !== 'string') throw new TypeError('text must be a string');
      const sentAt = Date.now();
      let result: Promise<Message | undefined> | undefined;
      let sent!: Message;
      step((it) => {
        const id = it.sendText(text, replyTo, sentAt, now());
        sent = { id, from: self, text, ...(replyTo !== undefined && { replyTo }), sentAt, receivedAt: 0, accepted: false, reactions: {} };
        store.putMessage(sent);
        result = accepted(id, signal);
        emit({ type: 'message', message: sent, fromSelf: true });
      });
      typingSent = -Infinity;
      return (await result) ?? { ...sent, accepted: true };
    },
    typing(on = true) {
      if (closed || store.snapshot.status !== 'open') return;
      if (on && now() - typingSent < TYPING_INTERVAL_MS) return;
      if (!on && typingSent === -Infinity) return;
      typingSent = on ? now() : -Infinity;
      step((it) => it.setTyping(on));
    },
    async react(messageId, emoji, action = 'add') {
      let result: Promise<Message | undefined> | undefined;
      step((it) => {
        result = accepted(it.react(messageId, emoji, action === 'remove', now()));
        store.react(messageId, emoji, self.id, action === 'add');
        emit({ type: 'reaction', messageId, emoji, action, from: self });
      });
      await result;
    },
    sendFile(source, sendOptions = {}) {
      let started = false;
      const it = createOutgoing(
        {
          step,
          onChange(transfer) {
            if (!started) return;
            store.putTransfer(transfer);
            emit({ type: 'transfer', transfer });
            if (transfer.state === 'cancelled' || transfer.state === 'failed') outgoing.delete(transfer.id);
            store.flush();
          },
        },
        source,
        sendOptions.to ?? store.snapshot.members.filter((member) => !member.self).map((member) => member.id),
        sendOptions,
      );
      started = true;
      outgoing.set(it.transfer.id, it);
      store.putTransfer(it.transfer);
      emit({ type: 'transfer', transfer: it.transfer });
      store.flush();
      return it.transfer;
    },
    async close() {
      if (!closed) {
        machine.leave();
        finish(undefined);
      }
      await closing;
    },
  };

  const result = new Promise<Room>((resolve, reject) => {
    resolveEntered = resolve;
    rejectEntered = reject;
  });
  options.signal?.addEventListener('abort', onAbort, { once: true });
  connect();
  return result;
}
