import type { ComponentChildren, TargetedDragEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { t } from '../strings.ts';
import { AttachIcon } from './icons.tsx';

export interface DropTargetProps {
  readonly disabled: boolean;
  readonly onFiles: (files: readonly File[]) => void;
  readonly children: ComponentChildren;
}

type Drag = TargetedDragEvent<HTMLElement>;

const hasFiles = (event: Drag): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** The conversation's column, on which files can be dropped. The same can be done with the button in the composer. */
export function DropTarget({ disabled, onFiles, children }: DropTargetProps) {
  const [over, setOver] = useState(false);
  // Entering a child counts as leaving its parent.
  const depth = useRef(0);
  const onEnter = (event: Drag) => {
    if (disabled || !hasFiles(event)) return;
    depth.current += 1;
    setOver(true);
  };
  const onLeave = (event: Drag) => {
    if (disabled || !hasFiles(event)) return;
    depth.current = Math.max(0, depth.current - 1);
    if (depth.current === 0) setOver(false);
  };
  const onDrop = (event: Drag) => {
    if (!hasFiles(event)) return;
    // Else the browser would leave the page and show the file.
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    if (!disabled) onFiles([...(event.dataTransfer?.files ?? [])]);
  };
  return (
    <main
      class="chat"
      data-testid="drop-target"
      onDragEnter={onEnter}
      onDragLeave={onLeave}
      onDragOver={(event) => hasFiles(event) && event.preventDefault()}
      onDrop={onDrop}
    >
      {children}
      {over && (
        <div class="drop-hint" aria-hidden="true">
          <AttachIcon />
          {t.composer.drop}
        </div>
      )}
    </main>
  );
}
