// Two entries that share one wasm.
import { hasDirectory } from 'hushroom/people';
import * as room from 'hushroom/room';

const relay = new URLSearchParams(location.search).get('relay');
const show = (text) => (document.querySelector('#result').textContent = text);

async function run() {
  const made = await room.createRoom({ relay, name: 'Ada' });
  const { protocol } = room.parseShareCode(made.code);
  await made.close();
  return `${protocol}, directory: ${await hasDirectory(relay)}`;
}

run().then(show, (error) => show(`error: ${error.message}`));
