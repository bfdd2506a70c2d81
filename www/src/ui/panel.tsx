import type { RoomSnapshot, Transfer } from 'hushroom/room';

import { formatBytes, formatPercent } from '../lib/format.ts';
import { useProgress } from '../room/activity.ts';
import type { Session } from '../room/session.ts';
import type { FileItem, TimelineItem } from '../room/timeline.ts';
import { t } from '../strings.ts';
import { isVoice } from '../voice/clip.ts';
import { FileIcon, LockIcon } from './icons.tsx';
import { Person } from './person.tsx';
import { RoomNumber } from './room-number.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

export interface PanelProps {
  readonly session: Session;
  readonly snapshot: RoomSnapshot;
  readonly timeline: readonly TimelineItem[];
  /** Shows the sheet of a member. */
  readonly onMember: (memberId: string) => void;
}

/** People and files. */
export function Panel({ session: { room }, snapshot, timeline, onMember }: PanelProps) {
  const files = timeline.filter((item) => item.kind === 'file').filter((item) => !isVoice(item));
  return (
    <div class="panel-body">
      <section aria-labelledby="people-title">
        <h2 id="people-title">{t.people.title}</h2>
        <ul class="people" data-testid="people">
          {snapshot.members.map((member) => (
            <Person key={member.id} member={member} onOpen={() => onMember(member.id)} />
          ))}
        </ul>
        {snapshot.members.length < 2 && <p class="hint">{t.people.waiting}</p>}
        {snapshot.members.length > 1 && snapshot.status !== 'closed' && (
          <RoomNumber room={room} members={snapshot.members} />
        )}
      </section>
      <section aria-labelledby="files-title">
        <h2 id="files-title">{t.panelFiles.title}</h2>
        {files.length === 0 && <p class="hint">{t.panelFiles.empty}</p>}
        <ul class="panel-files">
          {files.reverse().map((item) => (
            <PanelFile key={item.id} item={item} />
          ))}
        </ul>
      </section>
      <footer class="panel-foot">
        <ThemeSwitch />
        <p class="hint">
          <LockIcon />
          {t.privacy[room.protocol]}
        </p>
      </footer>
    </div>
  );
}

function PanelFile({ item }: { readonly item: FileItem }) {
  return (
    <li class="panel-file">
      <FileIcon />
      <span class="file-name">{item.name}</span>
      <span class="panel-file-state">
        {item.transfer === undefined ? sizeOf(item.size) : <TransferState transfer={item.transfer} />}
      </span>
    </li>
  );
}

function TransferState({ transfer }: { readonly transfer: Transfer }) {
  const { state, bytes, total } = useProgress(transfer);
  if ((state === 'running' || state === 'paused') && total) return <>{formatPercent(bytes / total)}</>;
  if (state === 'failed') return <>{t.file.failed}</>;
  if (state === 'cancelled') return <>{t.file.cancelled}</>;
  return state === 'declined' ? <>{t.file.declinedByThem}</> : <>{sizeOf(transfer.size)}</>;
}

const sizeOf = (size: number | undefined): string => (size === undefined ? t.file.unknownSize : formatBytes(size));
