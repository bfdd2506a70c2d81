import type { Member } from 'hushroom/room';

import { explain } from '../lib/errors.ts';
import { formatBytes } from '../lib/format.ts';
import type { Session } from '../room/session.ts';
import type { ShelfEntry } from '../room/shelf.ts';
import type { FileItem } from '../room/timeline.ts';
import { t } from '../strings.ts';
import { FileIcon } from './icons.tsx';
import { TransferView } from './transfer-view.tsx';

export interface FileCardProps {
  readonly item: FileItem;
  readonly entry: ShelfEntry | undefined;
  readonly session: Session;
  readonly members: readonly Member[];
}

/** A file: what it is, how far it is, and what can be done with it. */
export function FileCard({ item, entry, session, members }: FileCardProps) {
  const { name, size, transfer, refused } = item;
  return (
    <article class="file-card" data-testid="file-card" aria-label={name}>
      <div class="file-head">
        <span class="file-badge">
          <FileIcon />
          <span class="file-kind">{extensionOf(name)}</span>
        </span>
        <div class="file-title">
          <p class="file-name">{name}</p>
          <p class="file-size">{size === undefined ? t.file.unknownSize : formatBytes(size)}</p>
        </div>
      </div>
      {/* Progress would be read out over and over: what matters is announced apart. */}
      <div class="file-state" aria-live="off">
        {transfer !== undefined && (
          <TransferView transfer={transfer} entry={entry} session={session} members={members} />
        )}
        {transfer === undefined && refused !== undefined && (
          <p class="file-line">{refused === 'declined' ? t.file.declinedByUs : t.file.withdrawn}</p>
        )}
        {transfer === undefined && refused === undefined && <OfferView item={item} session={session} />}
      </div>
    </article>
  );
}

function OfferView({ item, session }: { readonly item: FileItem; readonly session: Session }) {
  const { offer, name, from } = item;
  if (offer === undefined) return null;
  const accept = () => session.shelf.accept(offer).catch((error: unknown) => session.notify(explain(error)));
  return (
    <>
      <p class="file-line">{t.file.offered(from.name)}</p>
      <div class="button-row">
        <button
          type="button"
          class="button button-primary button-small"
          aria-label={t.file.acceptFile(name)}
          data-testid="accept"
          onClick={() => void accept()}
        >
          {t.file.accept}
        </button>
        <button
          type="button"
          class="button button-small"
          aria-label={t.file.declineFile(name)}
          data-testid="decline"
          onClick={() => session.decline(item.id)}
        >
          {t.file.decline}
        </button>
      </div>
    </>
  );
}

/** `pdf` of `Plan.pdf`; nothing for long or missing ones. */
function extensionOf(name: string): string {
  return /\.([a-z0-9]{1,4})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
}
