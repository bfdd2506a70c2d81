import { hushError } from '../errors.js';
import type { HushError } from '../types.js';
import type { FileOffer } from '../room/file-types.js';
import type { Member, Message, Room, RoomEvent } from '../room/types.js';
import { isMentioned, withoutMention } from './mention.js';
import { createReceiver, type Receiver } from './receive.js';
import { say } from './say.js';
import type { AgentMessage, Attachment, ListenOptions } from './types.js';

/** Messages of senders whose key has not come yet, kept for when it does. */
const MAX_WITHHELD = 100;

/** Reports what ends nothing, by the listener's own means or on the console. */
export function reporter({ onError }: ListenOptions): (error: unknown, message?: AgentMessage) => void {
  return (error, message) => {
    try {
      if (onError === undefined) console.error('hushroom agent:', error);
      else onError(error, message);
    } catch (thrown) {
      console.error('hushroom agent: onError threw', thrown);
    }
  };
}

/**
 * Reads a room's events and hands on what an agent is to hear. Returns when the room is closed or the signal aborts.
 *
 * @param push - Takes a message; `false` when there is no place for it.
 * @throws `MESSAGES_LOST` when events came faster than they could be looked at; what making the folder for files throws.
 */
export async function listen(room: Room, options: ListenOptions, push: (message: AgentMessage) => boolean): Promise<void> {
  // Before anything is awaited, so that nothing is missed that comes from now on.
  const events = room.events(options.signal === undefined ? {} : { signal: options.signal });
  const report = reporter(options);
  const deliver = (message: AgentMessage) => {
    if (!push(message)) report(hushError('MESSAGES_LOST', 'messages came faster than the agent handles them'), message);
  };
  const listener = createListener(room, options, deliver, report);
  const receiver = options.files === undefined ? undefined : createReceiver(options.files, options.signal);
  try {
    for await (const event of events) {
      if (event.type === 'file-offer' && receiver !== undefined) void receiveOffer(event.offer, receiver, listener, report);
      else listener.onEvent(event);
    }
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
  }
}

async function receiveOffer(offer: FileOffer, receiver: Receiver, listener: Listener, report: (error: unknown) => void): Promise<void> {
  if (!listener.hearsFilesOf(offer.from)) {
    offer.decline();
    return;
  }
  try {
    const attachment = await receiver.receive(offer);
    if (attachment !== undefined) listener.onFile(offer, attachment);
  } catch (error) {
    report(error);
  }
}

interface Listener {
  onEvent(event: RoomEvent): void;
  hearsFilesOf(member: Member): boolean;
  onFile(offer: FileOffer, attachment: Attachment): void;
}

function createListener(
  room: Room,
  { allow, mentionOnly = false }: ListenOptions,
  deliver: (message: AgentMessage) => void,
  onForged: (error: HushError) => void,
): Listener {
  const withheld = new Map<string, Message>();
  const now = (member: Member) => room.members.find(({ id }) => id === member.id) ?? member;

  function hears(message: Message): boolean {
    if (allow === undefined) return true;
    if (typeof allow === 'function') return allow(now(message.from));
    // The key that has signed it, whatever its sender has announced since. That it is new under its name does not matter: it is named here.
    const signed = message.verification === 'verified' || message.verification === 'key-changed';
    return signed && message.from.deviceKey !== '' && allow.includes(message.from.deviceKey);
  }

  function onMessage(message: Message) {
    // Somebody else wrote it, or changed it: nothing to act upon, whoever is allowed.
    if (message.verification === 'failed') return onForged(hushError('BAD_SIGNATURE', 'the signature of a message is wrong'));
    // Their key may still come: it is announced apart from what it has signed.
    if (Array.isArray(allow) && message.verification === 'unknown' && withheld.size < MAX_WITHHELD) withheld.set(message.id, message);
    if (!hears(message)) return;
    const mentioned = isMentioned(room, message);
    if (mentionOnly && !mentioned) return;
    deliver({
      id: message.id,
      room,
      from: now(message.from),
      text: message.text,
      body: withoutMention(room, message.text),
      mentioned,
      attachments: [],
      message,
      reply: (answer, replyOptions = {}) => say(room, answer, replyOptions, replyOptions.quote === false ? undefined : message.id),
      react: (emoji) => room.react(message.id, emoji),
    });
  }

  return {
    onEvent(event) {
      if (event.type === 'message' && !event.fromSelf) onMessage(event.message);
      if (event.type === 'message-changed' && withheld.delete(event.message.id)) onMessage(event.message);
      if (event.type === 'message-expired') withheld.delete(event.messageId);
    },
    hearsFilesOf(member) {
      if (mentionOnly) return false;
      if (allow === undefined) return true;
      if (typeof allow === 'function') return allow(now(member));
      return room.protocol === 'hush1' && allow.includes(member.deviceKey);
    },
    onFile(offer, attachment) {
      deliver({
        id: offer.id,
        room,
        from: now(offer.from),
        text: '',
        body: '',
        mentioned: false,
        attachments: [attachment],
        message: undefined,
        reply: (answer, replyOptions = {}) => say(room, answer, replyOptions),
        react: () => Promise.resolve(),
      });
    },
  };
}
