import type { Bytes } from '../types.js';
import type { ChunkReader } from './chunks.js';
import { createCutter } from './cutter.js';
import { createTurns } from './turns.js';

/** What happens to each segment of a file. */
export interface Processor {
  /** Output in front of the first segment. */
  readonly head?: Bytes;
  /** How many segments are worth having under way at once. */
  readonly parallel: number;
  /** Source bytes of the next segment. */
  capacity(): number;
  /** Must have copied `bytes` when it returns. */
  process(bytes: Uint8Array, last: boolean): Promise<Bytes>;
  free(): void;
}

/** A pipeline from a source to a stream. */
export interface Pipeline {
  readonly reader: ChunkReader;
  /** The most that {@link Processor.capacity} will say. */
  readonly segmentSize: number;
  /** Source bytes in front of the first segment. */
  readonly headSize: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((bytes: number) => void) | undefined;
  /** Called once, when the first bytes are wanted, with {@link headSize} bytes, or fewer if there are no more. */
  start(head: Uint8Array): Promise<Processor>;
  /** Called once: when `start` has returned its promise, or when it will not be called. */
  free(): void;
}

interface Output {
  readonly bytes: Bytes;
  readonly last: boolean;
  /** Source bytes that are done with this output. */
  readonly position: number;
}

const NO_BYTES = new Uint8Array(0);

/**
 * A stream of processed segments, one for each pull.
 *
 * Nothing is read before the first pull. Then up to {@link Processor.parallel} segments are read and processed ahead of the
 * consumer, never more: with slow consumers memory stays flat, whatever the length of the source's chunks.
 */
export function createPipeline(pipeline: Pipeline): ReadableStream<Bytes> {
  const { reader, signal, onProgress } = pipeline;
  const cutter = createCutter(reader, pipeline.segmentSize);
  const othersTurn = createTurns();
  const outputs: Promise<Output>[] = [];
  let processor: Processor | undefined;
  let waiting: ((output: Promise<Output>) => void) | undefined;
  let filling = false;
  let exhausted = false;
  let over = false;
  let freed = false;
  let abort: (() => void) | undefined;

  function free(): void {
    if (!freed) pipeline.free();
    freed = true;
  }

  function finish(): void {
    over = true;
    if (abort !== undefined) signal?.removeEventListener('abort', abort);
    outputs.length = 0;
    processor?.free();
    free();
  }

  /** Ends all with an error. The source hears of it, but nobody waits for what it says. */
  function fail(controller: ReadableStreamDefaultController<Bytes>, reason: unknown): void {
    if (over) return;
    finish();
    controller.error(reason);
    reader.cancel(reason).catch(() => undefined);
  }

  function put(output: Promise<Output>): void {
    // Whoever takes it sees the error; if nobody does, nobody wants to know.
    output.catch(() => undefined);
    const wake = waiting;
    waiting = undefined;
    if (wake === undefined) outputs.push(output);
    else wake(output);
  }

  /** Reads ahead until enough is under way. Errors take their place behind the outputs that came before. */
  async function fill(): Promise<void> {
    filling = true;
    try {
      processor ??= await begin();
      while (processor !== undefined && !over && !exhausted && outputs.length < processor.parallel) {
        await othersTurn();
        if (over) return;
        const { bytes, last, position } = await cutter.take(processor.capacity());
        if (over) return;
        exhausted = last;
        put(processor.process(bytes, last).then((processed) => ({ bytes: processed, last, position })));
      }
    } catch (error) {
      exhausted = true;
      put(Promise.reject(error));
    } finally {
      filling = false;
    }
  }

  async function begin(): Promise<Processor | undefined> {
    const head = pipeline.headSize > 0 ? (await cutter.take(pipeline.headSize)).bytes : NO_BYTES;
    if (over) return undefined;
    const starting = pipeline.start(head);
    free();
    const started = await starting;
    if (over) started.free();
    else if (started.head !== undefined) put(Promise.resolve({ bytes: started.head, last: false, position: 0 }));
    return started;
  }

  function next(): Promise<Output> {
    const output = outputs.shift();
    if (!filling && !exhausted) void fill();
    return output ?? outputs.shift() ?? new Promise((resolve) => (waiting = resolve));
  }

  return new ReadableStream<Bytes>(
    {
      start(controller) {
        if (signal === undefined) return;
        abort = () => fail(controller, signal.reason);
        if (signal.aborted) abort();
        else signal.addEventListener('abort', abort);
      },
      async pull(controller) {
        try {
          const { bytes, last, position } = await next();
          if (over) return;
          if (position > 0) onProgress?.(position);
          // The callback may have aborted.
          if (over) return;
          if (bytes.length > 0) controller.enqueue(bytes);
          if (!last) return;
          finish();
          controller.close();
        } catch (error) {
          fail(controller, error);
        }
      },
      cancel(reason) {
        finish();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
