import type { Member } from 'hushroom/room';
import { useState } from 'preact/hooks';

import { formatMoment, formatTime } from '../lib/format.ts';
import { useStore } from '../lib/store.ts';
import type { FileRow as Row } from '../room/layout.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { isVoice } from '../voice/clip.ts';
import { Author, authorNow } from './author.tsx';
import { Avatar } from './avatar.tsx';
import { Dialog } from './dialog.tsx';
import { FileCard } from './file-card.tsx';
import { Vanishing } from './vanishing.tsx';
import { VerificationMark } from './verification.tsx';
import { VoiceCard } from './voice-card.tsx';

export interface FileRowProps {
  readonly row: Row;
  readonly session: Session;
  readonly members: readonly Member[];
  /** Whether Tab reaches the row. */
  readonly active: boolean;
}

/** A file in the conversation, with its picture if it is one. */
export function FileRow({ row, session, members, active }: FileRowProps) {
  const { item } = row;
  const entry = useStore(session.shelf.entries).get(item.id);
  const [large, setLarge] = useState(false);
  // What claims to be a picture or a voice and cannot be decoded stays a file.
  const [broken, setBroken] = useState(false);
  const voice = !broken && isVoice(item) ? item.voiceSeconds : undefined;
  const doubtful = !item.from.self && authorNow(item.from, members).keyChanged;
  const picture = broken ? undefined : entry?.preview;
  return (
    <li
      class={`row ${item.from.self ? 'mine' : 'theirs'} ${row.first ? 'first' : ''} ${row.last ? 'last' : ''}`}
      data-row={item.id}
      data-testid="file"
      tabIndex={active ? 0 : -1}
    >
      {!item.from.self && <span class="row-avatar">{row.first && <Avatar member={item.from} />}</span>}
      <div class="row-body">
        <Author from={item.from} members={members} first={row.first} />
        <div class={`file-frame ${voice === undefined ? '' : 'voice-frame'}`}>
          {picture !== undefined && (
            <button type="button" class="picture" aria-label={t.file.view(item.name)} onClick={() => setLarge(true)}>
              <img src={picture} alt={item.name} data-testid="picture" onError={() => setBroken(true)} />
            </button>
          )}
          {voice === undefined ? (
            <FileCard item={item} entry={entry} session={session} members={members} />
          ) : (
            <VoiceCard {...{ item, entry, session, members }} seconds={voice} onBroken={() => setBroken(true)} />
          )}
        </div>
        {(row.last || doubtful || item.removedAt !== undefined) && (
          <p class="meta">
            {doubtful && <VerificationMark verification="key-changed" />}
            {item.removedAt !== undefined && <Vanishing at={item.removedAt} />}
            <time dateTime={new Date(item.at).toISOString()} title={formatMoment(item.at)}>
              {formatTime(item.at)}
            </time>
          </p>
        )}
      </div>
      {large && picture !== undefined && (
        <Dialog title={item.name} kind="picture" onClose={() => setLarge(false)}>
          <img src={picture} alt={item.name} />
        </Dialog>
      )}
    </li>
  );
}
