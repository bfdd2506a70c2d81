import { parseShareCode } from '../codes.js';
import { hushError } from '../errors.js';
import type { RoomMachine } from '../gen/room/glue.js';
import type { KeptIdentity } from '../identity/identity.js';
import type { RoomSafetyNumber, SafetyNumber } from '../identity/types.js';
import type { HushError, Protocol } from '../types.js';
import { now } from './clock.js';
import { createComparisons } from './comparison.js';
import { createConnection } from './connection.js';
import { createDriver } from './driver.js';
import { createEventHandler } from './events.js';
import { createInbox, type Inbox } from './inbox.js';
import { LAYOUTS } from './layout.js';
import type { BulkIn } from './machine.js';
import { createReceipts } from './receipts.js';
import { createSender } from './sender.js';
import { createStore } from './store.js';
import { createTransfers } from './transfers.js';
import { createTrust } from './trust.js';
import { TYPING_INTERVAL_MS } from './typing.js';
import type { ConnectOptions, Member, Message, Room, RoomEvent, RoomStatus, WebSocketConstructor } from './types.js';

const DEFAULT_INBOX = 1024;

/** What a room is made of. */
export interface RoomParts {
  readonly machine: RoomMachine;
  readonly identity: KeptIdentity;
  readonly protocol: Protocol;
  readonly url: string;
  readonly WebSocket: WebSocketConstructor;
  readonly options: ConnectOptions;
}

/** Connects; resolves once the room is entered. */
export function enterRoom({ machine, identity, protocol, url, WebSocket, options }: RoomParts): Promise<Room> {
  const self: Member = {
    id: machine.selfId(), name: machine.name(), self: true, deviceKey: machine.deviceKey(), presence: 'here', verified: true, keyChanged: false,
  };
  const store = createStore(self);
  const { pushed } = LAYOUTS[protocol];
  const inboxes = new Set<Inbox>();
  const receipts = createReceipts<Message>();
  // That of an Arthas room is made by the relay.
  let code = machine.code() ?? '';
  // By the code: a relay that says so of another room is not to fill what is remembered of partners.
  const forTwo = protocol === 'hush1' && isForTwo(code);
  let maxMembers = 0;
  let entered = false;
  /** The machine hears now that the connection is gone. */
  let lost = false;
  let finished: Promise<void> | undefined;
  let closeReason: HushError | undefined;
  let typingSent = -Infinity;
  let resolveEntered!: (room: Room) => void;
  let rejectEntered!: (error: unknown) => void;

  const connection = createConnection(WebSocket, url, {
    onOpen: () => driver.stepAlone((it) => it.onConnected(now())),
    onFrame(frame) {
      const bulk = driver.stepAlone((it) => it.onFrame(frame, now()) as BulkIn | undefined);
      if (bulk !== undefined) transfers.onBulk(bulk, frame);
    },
    onClose() {
      lost = true;
      driver.stepAlone((it) => it.onDisconnected());
      lost = false;
      reconnect(0);
    },
  });
  const driver = createDriver(machine, {
    send: connection.send,
    onEvent: (event) => onEvent(event),
    onDrained() {
      sender.pump();
      store.flush();
      // What is pushed begins and ends with frames of its own.
      return pushed;
    },
    onBroken: (error) => finish(error),
  });
  const { step } = driver;
  const transfers = createTransfers({ protocol, store, step, emit });
  const trust = createTrust({
    identity, store, emit,
    roomId: () => (finished === undefined ? machine.roomId() : undefined),
    forTwo,
    onContacts: (contacts) => void driver.stepAlone((it) => it.setContacts(contacts)),
  });
  const settle = () => void driver.stepAlone(() => undefined);
  const sender = createSender(machine, transfers.outgoing, connection, pushed ? settle : undefined);
  const comparisons = createComparisons({
    step, emit, member: store.memberOrGone,
    verify: (memberId) => trust.verify(memberId, true),
  });
  const onEvent = createEventHandler({
    store, transfers, receipts, comparisons, emit,
    onOpened({ expiresAt, maxMembers: most, ephemeralSeconds, hasPassword }) {
      connection.settled();
      maxMembers = most;
      code = machine.code() ?? code;
      store.setOpen(expiresAt, ephemeralSeconds, hasPassword);
      emit({ type: 'status', status: 'open' });
      if (expiresAt > 0) emit({ type: 'expiry', expiresAt });
      transfers.onConnection(true);
      entered = true;
      resolveEntered(room);
    },
    onReconnect: reconnect,
    onMet: trust.meet,
    // The machine has no word for what sockets do.
    transferError: (code, message) => (lost ? hushError('CONNECT_FAILED', 'the connection was lost') : hushError(code, message)),
    onClosed: finish,
  });

  function emit(event: RoomEvent) {
    for (const inbox of [...inboxes]) inbox.push(event);
  }

  function setStatus(status: RoomStatus, reason?: HushError) {
    store.setStatus(status);
    emit({ type: 'status', status, ...(reason !== undefined && { reason }) });
  }

  function reconnect(afterMs: number) {
    if (finished !== undefined) return;
    if (!entered) {
      finish(hushError('CONNECT_FAILED', 'the relay cannot be reached'));
      return;
    }
    connection.retry(afterMs);
    if (store.snapshot.status !== 'reconnecting') {
      setStatus('reconnecting');
      transfers.onConnection(false);
    }
    store.flush();
  }

  /** The room is over, by our wish (no reason) or not. */
  function finish(reason: HushError | undefined) {
    if (finished !== undefined) return;
    // What follows may end in here again.
    finished = Promise.resolve();
    closeReason = reason;
    const error = reason ?? hushError('CLOSED', 'the room was closed');
    driver.stop(error);
    transfers.endAll(error);
    comparisons.endAll();
    sender.dispose();
    options.signal?.removeEventListener('abort', onAbort);
    receipts.rejectAll(error);
    setStatus('closed', reason);
    for (const inbox of [...inboxes]) inbox.end();
    finished = Promise.all([connection.close(), trust.stop()]).then(() => undefined);
    store.flush();
    store.dispose();
    // Wipes the keys; nothing calls the machine once the driver has stopped.
    machine.free();
    if (!entered) rejectEntered(options.signal?.aborted === true ? options.signal.reason : error);
  }

  function onAbort() {
    void room.close();
  }

  function safetyNumber(memberId: string): SafetyNumber;
  function safetyNumber(): RoomSafetyNumber;
  function safetyNumber(memberId?: string): RoomSafetyNumber {
    return memberId === undefined ? trust.roomNumber() : trust.number(memberId);
  }

  const room: Room = {
    get code() {
      return code;
    },
    protocol,
    get status() {
      return store.snapshot.status;
    },
    get closeReason() {
      return closeReason;
    },
    get maxMembers() {
      return maxMembers;
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
      if (finished !== undefined) inbox.end();
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
        sent = {
          id, from: self, text, ...(replyTo !== undefined && { replyTo }), verification: 'verified', sentAt, receivedAt: 0,
          accepted: false, reactions: {},
        };
        store.putMessage(sent);
        result = receipts.wait(id, signal);
        emit({ type: 'message', message: sent, fromSelf: true });
      });
      typingSent = -Infinity;
      return (await result) ?? { ...sent, accepted: true };
    },
    typing(on = true) {
      if (store.snapshot.status !== 'open') return;
      if (on && now() - typingSent < TYPING_INTERVAL_MS[protocol]) return;
      if (!on && typingSent === -Infinity) return;
      typingSent = on ? now() : -Infinity;
      step((it) => it.setTyping(on));
    },
    async react(messageId, emoji, action = 'add') {
      let result: Promise<Message | undefined> | undefined;
      const show = (shown: 'add' | 'remove') => {
        store.react(messageId, emoji, self.id, shown === 'add');
        emit({ type: 'reaction', messageId, emoji, action: shown, from: self });
      };
      step((it) => {
        result = receipts.wait(it.react(messageId, emoji, action === 'remove', now()));
        show(action);
      });
      try {
        await result;
      } catch (error) {
        if (finished === undefined) show(action === 'add' ? 'remove' : 'add');
        store.flush();
        throw error;
      }
    },
    compare: (memberId) => comparisons.start(memberId),
    sendFile: (source, sendOptions = {}) => transfers.send(source, sendOptions),
    safetyNumber,
    verify: (memberId, verified = true) => trust.verify(memberId, verified),
    acknowledgeKey: (memberId) => trust.acknowledge(memberId),
    async close() {
      if (finished === undefined) {
        machine.leave();
        finish(undefined);
      }
      await finished;
    },
  };

  const result = new Promise<Room>((resolve, reject) => {
    resolveEntered = resolve;
    rejectEntered = reject;
  });
  options.signal?.addEventListener('abort', onAbort, { once: true });
  connection.open();
  return result;
}

function isForTwo(code: string): boolean {
  const { key, maxMembers } = parseShareCode(code);
  key.fill(0);
  return maxMembers === 2;
}
