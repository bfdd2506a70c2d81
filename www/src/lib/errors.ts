import { isHushError } from 'hushroom/room';

import { t } from '../strings.ts';

/** What happened and what to do, as a sentence. */
export function explain(error: unknown): string {
  if (!isHushError(error)) return t.errors.OTHER;
  const sentences: Readonly<Record<string, string>> = t.errors;
  return sentences[error.code] ?? t.errors.OTHER;
}

/** The same of a file: what would keep one from coming in has here broken something off. */
export const explainTransfer = (error: unknown): string =>
  isHushError(error) && error.code === 'CONNECT_FAILED' ? t.file.brokenOff : explain(error);

/** Whether somebody, not something, stopped it: then there is nothing to explain. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
