// Loaded when it is needed: each entry of the package becomes a chunk.
import { exercise } from '../exercise.mjs';

const relay = new URLSearchParams(location.search).get('relay');
const show = (text) => (document.querySelector('#result').textContent = text);

async function run() {
  const [api, room] = await Promise.all([import('hushroom'), import('hushroom/room')]);
  return exercise(api, room, relay);
}

run().then(show, (error) => show(`error: ${error.message}`));
