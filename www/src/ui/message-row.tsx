import type { Member, Message, Quote } from 'hushroom/room';
import { useMemo } from 'preact/hooks';

import { formatMoment, formatTime } from '../lib/format.ts';
import { linkify } from '../lib/linkify.ts';
import { explain } from '../lib/errors.ts';
import type { MessageRow as Row } from '../room/layout.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { Author } from './author.tsx';
import { Avatar } from './avatar.tsx';
import { ReplyIcon } from './icons.tsx';
import { ReactionButton } from './reaction-button.tsx';
import { Reactions } from './reactions.tsx';
import { Vanishing } from './vanishing.tsx';
import { VerificationMark } from './verification.tsx';

export interface MessageRowProps {
  readonly row: Row;
  readonly session: Session;
  readonly members: readonly Member[];
  /** The message this one answers, if it is still there. */
  readonly original: Message | undefined;
  /** Whether its actions are in the tab order. */
  readonly active: boolean;
  readonly onReply: (id: string) => void;
  readonly onJump: (id: string) => void;
}

/**
 * One message. A file under way renders the room ten times a second: messages that did not change are left alone. So the
 * functions given must not depend on the moment they were made.
 */
export function MessageRow(props: MessageRowProps) {
  const { row, members, original, active } = props;
  return useMemo(() => drawMessage(props), [row.item, row.first, row.last, members, original, active]);
}

function drawMessage({ row, session, members, original, active, onReply, onJump }: MessageRowProps) {
  const { message, at } = row.item;
  const { from, accepted, verification, removedAt, quote } = message;
  // Where every message is signed there is nothing to tell but that the key is another; and of our own we know.
  const marked = !from.self && (session.room.protocol === 'arthas' || verification === 'key-changed');
  const doubtful = marked && verification !== 'verified';
  const tabIndex = active ? 0 : -1;
  const react = (emoji: string) => {
    const ours = message.reactions[emoji]?.includes(session.room.selfId) ?? false;
    session.room
      .react(message.id, emoji, ours ? 'remove' : 'add')
      .catch((error: unknown) => session.notify(explain(error)));
  };
  return (
    <li
      class={`row ${from.self ? 'mine' : 'theirs'} ${row.first ? 'first' : ''} ${row.last ? 'last' : ''}`}
      data-row={message.id}
      data-testid="message"
      tabIndex={tabIndex}
    >
      {!from.self && <span class="row-avatar">{row.first && <Avatar member={from} />}</span>}
      <div class="row-body">
        <Author from={from} members={members} first={row.first} />
        <div class="bubble-line">
          <div class={`bubble ${accepted ? '' : 'bubble-pending'}`}>
            {(message.replyTo !== undefined || quote !== undefined) && (
              <Quoted original={original} quote={quote} from={from} tabIndex={tabIndex} onJump={onJump} />
            )}
            <p class="text" dir="auto">
              {linkify(message.text).map(({ text, href }) =>
                href === undefined ? (
                  text
                ) : (
                  <a href={href} target="_blank" rel="noreferrer noopener">
                    {text}
                  </a>
                ),
              )}
            </p>
          </div>
          <div class="actions" role="group" aria-label={t.message.actions(from.self ? t.you : from.name)}>
            <ReactionButton tabIndex={tabIndex} onChoose={react} />
            <button
              type="button"
              class="icon-button"
              aria-label={t.message.reply}
              title={t.message.reply}
              tabIndex={tabIndex}
              onClick={() => onReply(message.id)}
            >
              <ReplyIcon />
            </button>
          </div>
        </div>
        <Reactions
          message={message}
          members={members}
          selfId={session.room.selfId}
          tabIndex={tabIndex}
          onToggle={react}
        />
        {(row.last || !accepted || doubtful || removedAt !== undefined) && (
          <p class="meta">
            {marked && <VerificationMark verification={verification} />}
            {removedAt !== undefined && <Vanishing at={removedAt} />}
            {!accepted && t.log.sending}
            {accepted && row.last && (
              <time dateTime={new Date(at).toISOString()} title={formatMoment(at)}>
                {formatTime(at)}
              </time>
            )}
          </p>
        )}
      </div>
    </li>
  );
}

interface QuotedProps {
  readonly original: Message | undefined;
  /** What the message itself says of it, and who says so. */
  readonly quote: Quote | undefined;
  readonly from: Member;
  readonly tabIndex: number;
  readonly onJump: (id: string) => void;
}

/** What a message answers. */
function Quoted({ original, quote, from, tabIndex, onJump }: QuotedProps) {
  if (original === undefined && quote !== undefined) {
    return (
      <p class="quote quote-hearsay" data-testid="hearsay" title={t.message.quoted(from.self ? t.you : from.name)}>
        <strong dir="auto">{quote.senderName}</strong> <span dir="auto">{quote.preview}</span>
        <small class="quote-note">{t.message.quoted(from.self ? t.you : from.name)}</small>
      </p>
    );
  }
  if (original === undefined) return <p class="quote quote-gone">{t.message.quoteGone}</p>;
  const name = original.from.self ? t.you : original.from.name;
  return (
    <button
      type="button"
      class="quote"
      data-testid="quote"
      title={t.message.jump}
      tabIndex={tabIndex}
      onClick={() => onJump(original.id)}
    >
      <strong>{name}</strong> <span>{original.text}</span>
    </button>
  );
}
