import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from '../exercise.mjs';

const relay = new URLSearchParams(location.search).get('relay');

function inWorker() {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(relay);
  });
}

const show = (text) => (document.querySelector('#result').textContent = text);
Promise.all([exercise(api, room, relay), inWorker()]).then(
  (results) => show(results.join(', ')),
  (error) => show(`error: ${error.message}`),
);
