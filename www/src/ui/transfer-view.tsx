import type {
  IncomingTransfer,
  Member,
  OutgoingTransfer,
  Protocol,
  ReceiverProgress,
  TransferProgress,
} from 'hushroom/room';

import { explainTransfer, isAbort } from '../lib/errors.ts';
import { formatBytes, formatLeft, formatList, formatPercent, formatRate } from '../lib/format.ts';
import { isUnderWay, useProgress } from '../room/activity.ts';
import type { Session } from '../room/session.ts';
import type { ShelfEntry } from '../room/shelf.ts';
import { t } from '../strings.ts';
import { SaveIcon } from './icons.tsx';

export interface TransferViewProps {
  readonly transfer: OutgoingTransfer | IncomingTransfer;
  readonly entry: ShelfEntry | undefined;
  readonly session: Session;
  readonly members: readonly Member[];
  /** Whether saving is offered here. Default: it is. */
  readonly savable?: boolean;
}

/** How far a transfer is, in words and as a bar, and how to end or save it. */
export function TransferView({ transfer, entry, session, members, savable = true }: TransferViewProps) {
  const progress = useProgress(transfer);
  const { state, bytes, total, receivers = [] } = progress;
  const nameOf = (id: string) => members.find((member) => member.id === id)?.name ?? '';
  const moving = state === 'running' || state === 'paused';
  const save = savable && entry?.file !== undefined;
  return (
    <div class={`transfer transfer-${state}`} data-testid="transfer" data-state={state}>
      {moving && <Bar name={transfer.name} bytes={bytes} total={total} />}
      <p class="file-line" data-testid="transfer-line">
        {describe(transfer, progress, entry, session.room.protocol, nameOf)}
      </p>
      {receivers.length > 1 && state !== 'waiting' && <Receivers receivers={receivers} total={total} nameOf={nameOf} />}
      {(isUnderWay(transfer) || save) && (
        <div class="button-row">
          {isUnderWay(transfer) && (
            <button
              type="button"
              class="button button-small"
              aria-label={t.file.cancelFile(transfer.name)}
              data-testid="cancel"
              onClick={() => transfer.cancel()}
            >
              {t.file.cancel}
            </button>
          )}
          {save && (
            <button
              type="button"
              class="button button-primary button-small"
              aria-label={t.file.saveFile(transfer.name)}
              data-testid="save"
              onClick={() => session.shelf.save(transfer.id, transfer.name)}
            >
              <SaveIcon />
              {t.file.save}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Bar({
  name,
  bytes,
  total,
}: {
  readonly name: string;
  readonly bytes: number;
  readonly total: number | undefined;
}) {
  const label = t.file.progress(name);
  // Without a value it shows that something moves, not how far it is.
  if (total === undefined) return <progress class="bar" aria-label={label} />;
  return <progress class="bar" aria-label={label} max={Math.max(1, total)} value={bytes} />;
}

interface ReceiversProps {
  readonly receivers: readonly ReceiverProgress[];
  readonly total: number | undefined;
  readonly nameOf: (id: string) => string;
}

function Receivers({ receivers, total, nameOf }: ReceiversProps) {
  return (
    <ul class="receivers" aria-label={t.file.receivers} data-testid="receivers">
      {receivers.map(({ member, state, bytes }) => (
        <li key={member} class={`receiver receiver-${state}`}>
          <span class="receiver-name">{nameOf(member)}</span>
          <span class="receiver-state">
            {state === 'running' && total ? formatPercent(bytes / total) : t.file.receiver[state]}
          </span>
        </li>
      ))}
    </ul>
  );
}

function describe(
  transfer: OutgoingTransfer | IncomingTransfer,
  { state, bytes, total, rate, secondsLeft, receivers = [] }: TransferProgress,
  entry: ShelfEntry | undefined,
  protocol: Protocol,
  nameOf: (id: string) => string,
): string {
  // There nobody is asked: files go out one after another.
  const pushed = protocol === 'arthas' && transfer.direction === 'out';
  switch (state) {
    case 'waiting':
      if (pushed) return t.file.sending;
      return transfer.direction === 'in' ? t.file.waitingIn : waitingFor(receivers, nameOf);
    case 'running': {
      // Some have it, others have not answered yet.
      if (!pushed && transfer.direction === 'out' && !receivers.some(isReceiving)) return waitingFor(receivers, nameOf);
      if (total !== undefined && total > 0 && bytes >= total) {
        const missing = receivers.filter(isReceiving).map((receiver) => nameOf(receiver.member));
        return pushed && missing.length > 0 ? t.file.confirming(formatList(missing)) : t.file.verifying;
      }
      const done = total === undefined ? formatBytes(bytes) : t.file.of(formatBytes(bytes), formatBytes(total));
      const parts = [done, ...(rate > 0 ? [formatRate(rate)] : [])];
      if (secondsLeft !== undefined && rate > 0) parts.push(t.file.left(formatLeft(secondsLeft)));
      return parts.join(' · ');
    }
    case 'paused':
      return t.file.pausedAt(total ? formatPercent(bytes / total) : formatBytes(bytes));
    case 'done': {
      if (transfer.direction === 'in') return entry?.onDisk === true ? t.file.doneDisk : t.file.doneIn;
      const have = receivers.filter((receiver) => receiver.state === 'done').length;
      return have < receivers.length ? t.file.doneSome(have, receivers.length) : t.file.doneOut;
    }
    case 'declined':
      return t.file.declinedByThem;
    case 'cancelled':
      return t.file.cancelled;
    case 'failed':
      return entry?.error === undefined || isAbort(entry.error) ? t.file.failed : explainTransfer(entry.error);
  }
}

const isReceiving = ({ state }: ReceiverProgress): boolean => state === 'running' || state === 'stalled';

function waitingFor(receivers: readonly ReceiverProgress[], nameOf: (id: string) => string): string {
  const open = receivers.filter((receiver) => receiver.state === 'offered');
  const names = open.map((receiver) => nameOf(receiver.member)).filter((name) => name !== '');
  return names.length === 0 ? t.file.waitingAnybody : t.file.waitingOut(formatList(names));
}
