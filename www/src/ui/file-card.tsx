import type { Member } from 'hushroom/room';
import { useState } from 'preact/hooks';

import { useObjectUrl } from '../lib/browser.ts';
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
  const { name, size, transfer, thumbnail } = item;
  // Its sender made it, so it may be anything; and what is shown large needs none.
  const [broken, setBroken] = useState(false);
  const miniature = useObjectUrl(broken || entry?.preview !== undefined ? undefined : thumbnail);
  return (
    <article class="file-card" data-testid="file-card" aria-label={name}>
      <div class="file-head">
        {miniature === undefined ? (
          <span class="file-badge">
            <FileIcon />
            <span class="file-kind">{extensionOf(name)}</span>
          </span>
        ) : (
          <img
            class="file-thumbnail"
            src={miniature}
            alt={t.file.preview(name)}
            data-testid="thumbnail"
            onError={() => setBroken(true)}
          />
        )}
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
        {transfer === undefined && <FileActions item={item} session={session} />}
      </div>
    </article>
  );
}

export interface FileActionsProps {
  readonly item: FileItem;
  readonly session: Session;
}

/** What can be done with a file that waits for an answer, or which it was. In an Arthas room it is here already. */
export function FileActions({ item, session }: FileActionsProps) {
  const { offer, name, from, refused } = item;
  const pushed = session.room.protocol === 'arthas';
  if (refused !== undefined) {
    const declined = pushed ? t.file.discarded : t.file.declinedByUs;
    return <p class="file-line">{refused === 'declined' ? declined : t.file.withdrawn}</p>;
  }
  if (offer === undefined) return null;
  const accept = () => session.shelf.accept(offer).catch((error: unknown) => session.notify(explain(error)));
  return (
    <>
      <p class="file-line">{pushed ? t.file.pushed(from.name) : t.file.offered(from.name)}</p>
      <div class="button-row">
        <button
          type="button"
          class="button button-primary button-small"
          aria-label={pushed ? t.file.saveFile(name) : t.file.acceptFile(name)}
          data-testid="accept"
          onClick={() => void accept()}
        >
          {pushed ? t.file.save : t.file.accept}
        </button>
        <button
          type="button"
          class="button button-small"
          aria-label={pushed ? t.file.discardFile(name) : t.file.declineFile(name)}
          data-testid="decline"
          onClick={() => session.decline(item.id)}
        >
          {pushed ? t.file.discard : t.file.decline}
        </button>
      </div>
    </>
  );
}

/** `pdf` of `Plan.pdf`; nothing for long or missing ones. */
function extensionOf(name: string): string {
  return /\.([a-z0-9]{1,4})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
}
