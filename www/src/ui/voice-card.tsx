import type { Member } from 'hushroom/room';

import { formatClock } from '../lib/format.ts';
import type { Session } from '../room/session.ts';
import type { ShelfEntry } from '../room/shelf.ts';
import type { FileItem } from '../room/timeline.ts';
import { t } from '../strings.ts';
import { FileActions } from './file-card.tsx';
import { MicIcon, SaveIcon } from './icons.tsx';
import { TransferView } from './transfer-view.tsx';
import { VoicePlayer } from './voice-player.tsx';

export interface VoiceCardProps {
  readonly item: FileItem;
  readonly seconds: number;
  readonly entry: ShelfEntry | undefined;
  readonly session: Session;
  readonly members: readonly Member[];
  readonly onBroken: () => void;
}

/** A voice message: a player once it is here, and until then where it is. */
export function VoiceCard({ item, seconds, entry, session, members, onBroken }: VoiceCardProps) {
  const { from, transfer } = item;
  const name = from.self ? t.you : from.name;
  // Of what has arrived there is nothing more to say than that it plays.
  const settled = transfer?.direction === 'in' && transfer.state === 'done';
  return (
    <article class="file-card voice-card" data-testid="voice-card" aria-label={t.voice.of(name)}>
      <div class="voice-line">
        {entry?.sound === undefined ? (
          <p class="voice-waiting">
            <MicIcon />
            <span>{t.voice.title}</span>
            <span class="player-time">{formatClock(seconds)}</span>
          </p>
        ) : (
          <VoicePlayer address={entry.sound} seconds={seconds} from={name} onBroken={onBroken} />
        )}
        {entry?.file !== undefined && (
          <button
            type="button"
            class="icon-button"
            aria-label={t.file.saveFile(item.name)}
            title={t.file.save}
            data-testid="save"
            onClick={() => session.shelf.save(item.id, item.name)}
          >
            <SaveIcon />
          </button>
        )}
      </div>
      <div class="file-state" aria-live="off">
        {transfer !== undefined && !settled && (
          <TransferView
            transfer={transfer}
            entry={entry}
            session={session}
            members={members}
            savable={false}
          />
        )}
        {transfer === undefined && <FileActions item={item} session={session} />}
      </div>
    </article>
  );
}
