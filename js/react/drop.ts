import { useState, type DragEvent } from 'react';

import { createDropZone, sendFiles } from '../view/index.js';
import { useLatest } from './latest.js';
import { useSelected } from './provider.js';

/** Options of {@link useFileDrop}. */
export interface FileDropOptions {
  /** What to do with dropped files, at least one. Default: each is sent to everybody in the room. */
  readonly onFiles?: ((files: File[]) => void) | undefined;
  /** A file could not be sent: see `room.sendFile` for why. Default: it is reported as an uncaught error. */
  readonly onError?: ((error: unknown, file: File) => void) | undefined;
  /** Takes no files. A dropped one does nothing. */
  readonly disabled?: boolean | undefined;
}

/** What makes an element a place to drop files on. */
export interface FileDrop {
  /** Whether files are being dragged over it that would be taken. */
  readonly isOver: boolean;
  /** To be spread on the element. Always the same object. */
  readonly dropProps: {
    readonly onDragEnter: (event: DragEvent) => void;
    readonly onDragOver: (event: DragEvent) => void;
    readonly onDragLeave: (event: DragEvent) => void;
    readonly onDrop: (event: DragEvent) => void;
  };
}

/**
 * Makes an element a place to drop files on. Folders are left out, and what an element inside has taken. Unless there is an
 * `onFiles`, it takes files while there is a room that is not closed.
 *
 * @example
 * ```tsx
 * import { useFileDrop } from 'hushroom/react';
 *
 * export function DropZone() {
 *   const { isOver, dropProps } = useFileDrop({ onError: (error, file) => alert(`${file.name}: ${String(error)}`) });
 *   return <div {...dropProps}>{isOver ? 'Let go to send' : 'Drop files here'}</div>;
 * }
 * ```
 */
export function useFileDrop({ onFiles, onError, disabled = false }: FileDropOptions = {}): FileDrop {
  const room = useSelected((state) => (state.status === 'closed' ? undefined : state.room));
  const takes = !disabled && (onFiles !== undefined || room !== undefined);
  const latest = useLatest({ room, onFiles, onError, takes });
  const [isOver, setIsOver] = useState(false);
  const [dropProps] = useState(() => {
    const zone = createDropZone({
      canDrop: () => latest.current.takes,
      onChange: () => setIsOver(zone.isOver),
      onFiles(files) {
        const now = latest.current;
        if (now.onFiles !== undefined) now.onFiles(files);
        else if (now.room !== undefined) sendFiles(now.room, files, now.onError);
      },
    });
    return { onDragEnter: zone.enter, onDragOver: zone.over, onDragLeave: zone.leave, onDrop: zone.drop };
  });
  return { isOver: isOver && takes, dropProps };
}
