import { blobSink, pickerSink } from 'hushroom/room';
import type { FileOffer, FileSink, IncomingTransfer } from 'hushroom/room';

import { isAbort } from '../lib/errors.ts';
import { isVoice } from '../voice/clip.ts';
import { isImage } from './images.ts';

/** Pictures and voice messages up to here are kept in memory, where they can be shown, and saved from there. */
const IN_MEMORY_BYTES = 32 * 1024 * 1024;

/** Keeps a file in memory, at most as large as it was announced. */
export const memorySink = (offer: FileOffer): FileSink => blobSink(offer, offer.size ?? 0);

/**
 * Takes an offer where it is best kept: what can be shown or played in memory, anything else where the person says, and
 * without a save picker where the library says. Call from a click. `undefined` when the person closed the picker: the
 * offer stands.
 */
export async function take(offer: FileOffer): Promise<IncomingTransfer | undefined> {
  const { mime, size = Infinity } = offer;
  if ((isImage(mime) || isVoice(offer)) && size <= IN_MEMORY_BYTES) return offer.accept(memorySink(offer));
  if (!('showSaveFilePicker' in window)) return offer.accept();
  let sink: FileSink;
  try {
    // Before accepting, so that nothing is sent while the person still looks for a folder.
    sink = await pickerSink(offer);
  } catch (error) {
    if (isAbort(error)) return undefined;
    throw error;
  }
  try {
    return offer.accept(sink);
  } catch (error) {
    // Withdrawn while the picker was open.
    await sink.abort(error);
    throw error;
  }
}
