import { hushError } from '../errors.js';
import type { Comparisons } from './comparison.js';
import type { MachineEvent } from './machine.js';
import type { Receipts } from './receipts.js';
import type { Store } from './store.js';
import type { Transfers } from './transfers.js';
import type { Member, Message, RoomEvent } from './types.js';
import type { HushError, HushErrorCode } from '../types.js';

type Standing = Extract<MachineEvent, { type: 'member-trust' }>;

/** What the machine's events change. */
export interface EventHost {
  readonly store: Store;
  readonly transfers: Transfers;
  readonly receipts: Receipts<Message>;
  readonly comparisons: Comparisons;
  emit(event: RoomEvent): void;
  onOpened(event: Extract<MachineEvent, { type: 'opened' }>): void;
  onReconnect(afterMs: number): void;
  /** Somebody has come with a key, or has one now. */
  onMet(member: Member): void;
  /** Why a transfer has ended. */
  transferError(code: HushErrorCode, message: string): HushError;
  /** The room is over: by the relay, or another end that nobody here wished. */
  onClosed(reason: HushError | undefined): void;
}

/** Turns what the machine says into the room's state and events. */
export function createEventHandler({ store, transfers, receipts, comparisons, emit, ...host }: EventHost): (event: MachineEvent) => void {
  /** How somebody stands who is about to come. */
  let arriving: Standing | undefined;

  function onMessage({ type: _, from: fromId, replyTo, quote, ...rest }: Extract<MachineEvent, { type: 'message' }>) {
    const from = store.memberOrGone(fromId);
    const message: Message = {
      ...rest, from, ...(replyTo !== null && { replyTo }), ...(quote !== null && { quote }), accepted: true, reactions: {}, ...store.removal(),
    };
    store.putMessage(message);
    store.setTyping(fromId, false);
    emit({ type: 'message', message, fromSelf: false });
  }

  /** How a member stands is different. */
  function onStanding(standing: Standing) {
    // That of somebody who comes is told before.
    if (!store.isHere(standing.id)) {
      arriving = standing;
      return;
    }
    const { id, verified, keyChanged } = standing;
    const before = store.memberOrGone(id);
    const member: Member = { ...before, verified, keyChanged };
    store.renewMember(member);
    emit({ type: 'member-trust', member });
    if (keyChanged && !before.keyChanged) warn(member, standing);
  }

  function warn(member: Member, { previousKey }: Standing) {
    emit({ type: 'key-changed', member, previousKey: previousKey ?? '' });
  }

  function changeMember(id: string, change: Partial<Member>): Member {
    const member: Member = { ...store.memberOrGone(id), ...change };
    store.putMember(member);
    return member;
  }

  return (event) => {
    switch (event.type) {
      case 'opened':
        return host.onOpened(event);
      case 'closed':
        return host.onClosed(event.code === 'CLOSED' ? undefined : hushError(event.code, event.message));
      case 'reconnect':
        return host.onReconnect(event.afterMs);
      case 'disconnect':
        return;
      case 'member-joined': {
        const { id, name, deviceKey } = event;
        const standing = arriving?.id === id ? arriving : undefined;
        arriving = undefined;
        const { verified = false, keyChanged = false } = standing ?? {};
        const member: Member = { id, name, self: false, deviceKey, presence: 'here', verified, keyChanged };
        store.putMember(member);
        host.onMet(member);
        emit({ type: 'member-joined', member });
        if (standing !== undefined && keyChanged) warn(member, standing);
        return;
      }
      case 'member-trust':
        return onStanding(event);
      case 'member-left': {
        const member = store.removeMember(event.id);
        return member && emit({ type: 'member-left', member });
      }
      case 'member-presence': {
        const member = changeMember(event.id, { presence: event.here ? 'here' : 'away' });
        if (!event.here) store.setTyping(event.id, false);
        return emit({ type: 'member-presence', member });
      }
      case 'member-key': {
        const member = changeMember(event.id, { deviceKey: event.deviceKey });
        host.onMet(member);
        return emit({ type: 'member-key', member, changed: event.changed });
      }
      case 'message':
        return onMessage(event);
      case 'message-verified': {
        const from = store.memberOrGone(event.from);
        const message = store.changeMessage(event.id, (before) => ({
          verification: event.verification,
          // The key has come that it is signed with. Otherwise it stays with the one that it came with.
          ...(before.from.deviceKey === '' && { from }),
        }));
        return message && emit({ type: 'message-changed', message });
      }
      case 'message-expired':
        store.removeMessage(event.id);
        return emit({ type: 'message-expired', messageId: event.id });
      case 'accepted':
        return receipts.accepted(
          event.id,
          store.changeMessage(event.id, { accepted: true, receivedAt: event.receivedAt, ...store.removal() }),
        );
      case 'rejected': {
        const message = store.changeMessage(event.id, { rejected: event.code });
        receipts.rejected(event.id, hushError(event.code, event.message));
        return message && emit({ type: 'message-changed', message });
      }
      case 'reaction': {
        const { messageId, emoji, remove } = event;
        store.react(messageId, emoji, event.from, !remove);
        const from = store.memberOrGone(event.from);
        return emit({ type: 'reaction', messageId, emoji, action: remove ? 'remove' : 'add', from });
      }
      case 'typing':
        store.setTyping(event.from, event.on);
        return emit({ type: 'typing', from: store.memberOrGone(event.from), typing: event.on });
      case 'file-offer':
        return transfers.onOffer(event);
      case 'incoming-size':
        return transfers.onIncomingSize(event.id, event.size);
      case 'incoming-ended':
        return transfers.onIncomingEnded(event.id, host.transferError(event.code, event.message));
      case 'receiver':
        return transfers.onReceiver(event);
      case 'outgoing-ended':
        return transfers.onOutgoingEnded(event.id, event.code === null ? undefined : host.transferError(event.code, event.message));
      case 'comparison':
        return comparisons.onEvent(event);
      case 'error': {
        const error = hushError(event.code, event.message);
        return emit({ type: 'error', error, ...(event.from !== null && { from: store.memberOrGone(event.from) }) });
      }
    }
  };
}
