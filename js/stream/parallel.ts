/** Bytes that are worth having under way at once: enough for the threads to be busy while a segment is handed on. */
const IN_FLIGHT_BYTES = 1024 * 1024;

/**
 * How many segments are worth having under way at once.
 *
 * WebCrypto works on threads of its own. Wasm works on this one: doing more than what is asked for would only make it wait
 * longer.
 */
export function parallelOf(engineName: string, segmentSize: number): number {
  if (engineName !== 'webcrypto') return 1;
  return Math.min(16, Math.max(4, Math.floor(IN_FLIGHT_BYTES / segmentSize)));
}
