// What a developer sees who has forgotten the policy: from each way into the wasm.
import { createRoom, isHushError as isRoomError } from './hushroom/room.js';
import { encryptStream, generateShareCode, init, isHushError, parseShareCode, sealMessage } from './hushroom/index.js';

const relay = new URLSearchParams(location.search).get('relay');
const key = new Uint8Array(32);
const ways = [
  ['init', isHushError, () => init()],
  ['generateShareCode', isHushError, () => generateShareCode()],
  ['parseShareCode', isHushError, () => parseShareCode('hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8')],
  ['sealMessage', isHushError, () => sealMessage(key, 'text')],
  ['encryptStream', isHushError, () => new Response(encryptStream(new Blob(['file']), key)).text()],
  ['createRoom', isRoomError, () => createRoom({ relay, name: 'Ada' })],
];

async function run() {
  const lines = [];
  for (const [name, isOurs, call] of ways) {
    try {
      await call();
      lines.push(`${name}: went through`);
    } catch (error) {
      lines.push(`${name}: ${isOurs(error) ? error.code : error.name}: ${error.message}`);
    }
  }
  return lines.join('\n');
}

const show = (text) => (document.querySelector('#result').textContent = text);
run().then(show, (error) => show(`error: ${error.message}`));
