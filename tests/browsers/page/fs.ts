// `node:fs` in a page: files of the checkout can be read, from the server that the page itself is from.

import { Buffer } from './node.js';

/** Reads a file beside a test. */
export function readFileSync(path: URL | string, encoding?: BufferEncoding): Buffer | string {
  const request = new XMLHttpRequest();
  request.open('GET', path, false);
  // Each byte as a character.
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  if (request.status !== 200) throw new Error(`${String(path)}: ${request.status}`);
  const bytes = Buffer.from(request.responseText, 'latin1');
  return encoding === undefined ? bytes : bytes.toString(encoding);
}
