/** What browsers show as pictures and cannot run: no SVG. */
const IMAGES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** Above this, our own files are not decoded just to show a thumbnail. */
const MOST_PREVIEW_BYTES = 32 * 1024 * 1024;

/** Whether a file of this type can be shown as a picture. */
export const isImage = (mime: string): boolean => IMAGES.has(mime);

/** Whether a picture is worth showing. */
export const isPreviewable = (mime: string, size: number): boolean => isImage(mime) && size <= MOST_PREVIEW_BYTES;
