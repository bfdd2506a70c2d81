import { useObjectUrl } from '../lib/browser.ts';
import { formatBytes } from '../lib/format.ts';
import { isPreviewable } from '../room/images.ts';
import { t } from '../strings.ts';
import { CloseIcon, FileIcon } from './icons.tsx';

export interface TrayProps {
  readonly files: readonly File[];
  readonly onRemove: (file: File) => void;
}

/** Files picked, dropped or pasted that go out with the next send: nothing leaves by a slip of the mouse. */
export function Tray({ files, onRemove }: TrayProps) {
  if (files.length === 0) return null;
  return (
    <ul class="tray" aria-label={t.composer.tray} data-testid="tray">
      {files.map((file) => (
        <li key={file} class="tray-file">
          <Thumbnail file={file} />
          <span class="tray-name">{file.name}</span>
          <span class="tray-size">{formatBytes(file.size)}</span>
          <button
            type="button"
            class="icon-button"
            aria-label={t.composer.remove(file.name)}
            onClick={() => onRemove(file)}
          >
            <CloseIcon />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Thumbnail({ file }: { readonly file: File }) {
  const address = useObjectUrl(isPreviewable(file.type, file.size) ? file : undefined);
  return address === undefined ? <FileIcon /> : <img class="tray-thumbnail" src={address} alt="" />;
}
