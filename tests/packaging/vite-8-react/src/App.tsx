import { useEffect, useState } from 'react';
import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../exercise.mjs';

/** Once on the page and once in a worker; kept, since Strict Mode runs effects twice. */
let running: Promise<string[]> | undefined;

function run(): Promise<string[]> {
  const relay = new URLSearchParams(location.search).get('relay') ?? '';
  return Promise.all([exercise(api, room, relay), inWorker(relay)]);
}

function inWorker(relay: string): Promise<string> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(relay);
  });
}

export function App() {
  const [result, setResult] = useState('');
  useEffect(() => {
    (running ??= run()).then(
      (results) => setResult(results.join(', ')),
      (error: unknown) => setResult(`error: ${error instanceof Error ? error.message : String(error)}`),
    );
  }, []);
  return <output id="result">{result}</output>;
}
