import { Worker } from 'node:worker_threads';

const relay = process.argv[2];
// Two at once: each has wasm of its own.
const results = await Promise.all(
  ['A', 'B'].map(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { relay } });
        let result;
        worker.on('message', (message) => (result = message));
        worker.on('error', reject);
        // Ends by itself once nothing is open.
        worker.on('exit', () => resolve(result));
      }),
  ),
);
console.log(results.join(' '));
