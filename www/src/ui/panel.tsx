import type { Member, Protocol, RoomSnapshot, Transfer } from 'hushroom/room';

import { formatBytes, formatPercent } from '../lib/format.ts';
import { useProgress } from '../room/activity.ts';
import type { FileItem, TimelineItem } from '../room/timeline.ts';
import { t } from '../strings.ts';
import { isVoice } from '../voice/clip.ts';
import { Avatar } from './avatar.tsx';
import { FileIcon, LockIcon } from './icons.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

export interface PanelProps {
  readonly snapshot: RoomSnapshot;
  readonly protocol: Protocol;
  readonly timeline: readonly TimelineItem[];
}

/** People and files. */
export function Panel({ snapshot, protocol, timeline }: PanelProps) {
  const files = timeline.filter((item) => item.kind === 'file').filter((item) => !isVoice(item));
  return (
    <div class="panel-body">
      <section aria-labelledby="people-title">
        <h2 id="people-title">{t.people.title}</h2>
        <ul class="people" data-testid="people">
          {snapshot.members.map((member) => (
            <Person key={member.id} member={member} />
          ))}
        </ul>
        {snapshot.members.length < 2 && <p class="hint">{t.people.waiting}</p>}
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
          {t.privacy[protocol]}
        </p>
      </footer>
    </div>
  );
}

function Person({ member }: { readonly member: Member }) {
  const away = member.presence === 'away';
  return (
    <li class={`person ${away ? 'person-away' : ''}`} data-testid="person">
      <Avatar member={member} />
      <span class="person-name">{member.name}</span>
      <span class="person-state">{member.self ? t.youSuffix : away ? t.people.away : ''}</span>
    </li>
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
