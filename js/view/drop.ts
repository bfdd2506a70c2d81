import type { Room } from '../room/types.js';
import { report } from './report.js';

/** What we need of a `DragEvent`, of the platform's or a framework's making. */
export interface FileDragEvent {
  readonly dataTransfer: DataTransfer | null;
  readonly target: EventTarget | null;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

/** What a drop zone needs to know. */
export interface DropHost {
  /** Files were dropped, at least one. */
  onFiles(files: File[]): void;
  /** Whether files are taken now. */
  canDrop(): boolean;
  /** {@link DropZone.isOver} is different. */
  onChange(): void;
}

/** Drag and drop of files onto an element, whatever is inside it: give its events to these. */
export interface DropZone {
  /** Whether files are being dragged over it that would be taken. */
  readonly isOver: boolean;
  enter(event: FileDragEvent): void;
  over(event: FileDragEvent): void;
  leave(event: FileDragEvent): void;
  drop(event: FileDragEvent): void;
}

/**
 * Drag and drop of files. Folders are left out, and so is all that is no file. Where files are not taken now, dropping one
 * does nothing either: the browser would show it in place of the page, and the room would be gone. What something inside has
 * taken (it prevents the default) is not taken again.
 */
export function createDropZone(host: DropHost): DropZone {
  /**
   * Where the pointer went last. An element is entered before the one around it, or in it, is left: what is left counts only if
   * nothing was entered since. That holds when elements come and go under the pointer, where counting goes wrong.
   */
  let inside: EventTarget | null = null;
  let isOver = false;

  function set(target: EventTarget | null) {
    inside = target;
    const now = target !== null && host.canDrop();
    if (now === isOver) return;
    isOver = now;
    host.onChange();
  }

  /** Says that files may be dropped here, or that they may not. */
  function answer(event: FileDragEvent) {
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = host.canDrop() ? 'copy' : 'none';
  }

  return {
    get isOver() {
      return isOver;
    },
    enter(event) {
      if (!hasFiles(event)) return;
      answer(event);
      set(event.target);
    },
    over(event) {
      if (!hasFiles(event)) return;
      answer(event);
      // What is taken may have changed.
      set(inside ?? event.target);
    },
    leave(event) {
      if (event.target === inside) set(null);
    },
    drop(event) {
      if (!hasFiles(event)) return;
      const isTaken = event.defaultPrevented;
      event.preventDefault();
      const files = !isTaken && host.canDrop() ? filesOf(event.dataTransfer) : [];
      set(null);
      if (files.length > 0) host.onFiles(files);
    },
  };
}

/** Sends files into a room. One that cannot be sent does not keep the others; without `onError` that is an uncaught error. */
export function sendFiles(room: Room, files: readonly File[], onError: (error: unknown, file: File) => void = report): void {
  for (const file of files) {
    try {
      room.sendFile(file);
    } catch (error) {
      onError(error, file);
    }
  }
}

function hasFiles({ dataTransfer }: FileDragEvent): boolean {
  return dataTransfer !== null && [...dataTransfer.types].includes('Files');
}

function filesOf(data: DataTransfer | null): File[] {
  if (data === null) return [];
  const items = [...data.items].filter(({ kind }) => kind === 'file');
  // A folder looks like a file that cannot be read, but for its entry. Not every browser has those.
  const files = items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory !== true).map((item) => item.getAsFile());
  return items.length > 0 ? files.filter((file) => file !== null) : [...data.files];
}
