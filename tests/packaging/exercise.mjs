// What every consumer does with the package. Copied into each project; no imports, so that it runs wherever modules do.

/** Longer than the default segment of a file, and no multiple of anything. */
const FILE_BYTES = 1_048_579;
const ROOM_FILE_BYTES = 300_000;
const TIMEOUT_MS = 60_000;

/**
 * Uses the package once through, and throws unless all of it works.
 *
 * @param {any} api - What `hushroom` or `hushroom/slim` exports.
 * @param {any} [room] - What `hushroom/room` or `hushroom/room/slim` exports, where there are sockets.
 * @param {string} [relay] - The relay's address, for `room`.
 * @returns {Promise<'works'>}
 */
export async function exercise(api, room, relay) {
  const code = api.generateShareCode();
  const link = api.shareLink('https://example.com/', code);
  same(link, `https://example.com/#${code}`, 'link');
  const { key, roomId } = api.parseShareCode(link);
  same(code.includes(roomId), true, 'room id');

  same(new TextDecoder().decode(api.openMessage(key, api.sealMessage(key, 'sealed'))), 'sealed', 'message');
  const frame = api.decodeFrame(api.encodeFrame({ type: 0x80, data: { text: 'framed' } }));
  same(frame.data.text, 'framed', 'frame');
  same(codeOf(api, () => api.parseShareCode('no code')), 'INVALID_SHARE_CODE', 'error for what is no code');

  const file = pattern(FILE_BYTES);
  const encrypted = await gather(api.encryptStream(pieces(file), key));
  same(encrypted.length, api.encryptedSize(FILE_BYTES), 'encrypted size');
  sameBytes(await gather(api.decryptStream(pieces(encrypted), key)), file, 'file');
  // A Blob is read in other ways than the rest, one for each kind of platform.
  const again = await gather(api.encryptStream(new Blob([file]), key));
  sameBytes(await gather(api.decryptStream(new Blob([again]), key)), file, 'Blob');

  if (room !== undefined) await rooms(room, relay);
  return 'works';
}

/** Two members of one room: a message each way, and a file. @param {any} api @param {string | undefined} relay */
async function rooms(api, relay) {
  if (!relay) throw new Error('the exercise was given no relay');
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const ada = await api.createRoom({ relay, name: 'Ada', signal });
  try {
    const grace = await api.joinRoom({ relay, code: ada.code, name: 'Grace', signal });
    try {
      await Promise.all([ada, grace].map((room) => until(room, signal, 'both members', () => room.members.length === 2)));
      same(ada.safetyNumber().digits, grace.safetyNumber().digits, 'safety number');
      for (const [from, to, text] of [[ada, grace, 'ping'], [grace, ada, 'pong']]) {
        await from.send(text);
        const has = (/** @type {any} */ message) => message.text === text && message.verification === 'verified';
        await until(to, signal, `message ${text}`, () => to.getSnapshot().messages.some(has));
      }
      const file = pattern(ROOM_FILE_BYTES);
      const sent = ada.sendFile(new Blob([file]), { name: 'pattern.bin', signal });
      const offer = await until(grace, signal, 'file offer', () => grace.getSnapshot().offers[0]);
      same(offer.name, 'pattern.bin', 'name of the file');
      /** @type {Uint8Array[]} */
      const chunks = [];
      await Promise.all([sent.done, offer.accept(new WritableStream({ write: (chunk) => void chunks.push(chunk) })).done]);
      sameBytes(concat(chunks), file, 'file of the room');
    } finally {
      await grace.close();
    }
  } finally {
    await ada.close();
  }
  same(ada.getSnapshot().status, 'closed', 'status');
}

/** The code of the error that `work` throws. @param {any} api @param {() => unknown} work */
function codeOf(api, work) {
  try {
    work();
  } catch (/** @type {any} */ error) {
    return api.isHushError(error) ? error.code : error;
  }
}

/** Waits until `pick` gives something, looking after each change. @param {any} room @param {AbortSignal} signal @param {string} what @param {() => any} pick */
function until(room, signal, what, pick) {
  return new Promise((resolve, reject) => {
    const fail = () => (stop(), reject(new Error(`there was no: ${what}`)));
    const look = () => {
      const found = pick();
      if (!found) return;
      signal.removeEventListener('abort', fail);
      stop();
      resolve(found);
    };
    const stop = room.subscribe(look);
    signal.addEventListener('abort', fail);
    look();
  });
}

/** Bytes that do not repeat with any power of two. @param {number} length */
const pattern = (length) => Uint8Array.from({ length }, (_, index) => (index * 7) % 251);

/** In pieces that fit no segment. @param {Uint8Array} bytes */
async function* pieces(bytes) {
  for (let offset = 0; offset < bytes.length; offset += 99_991) yield bytes.slice(offset, offset + 99_991);
}

/** @param {ReadableStream<Uint8Array>} stream */
async function gather(stream) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  await stream.pipeTo(new WritableStream({ write: (chunk) => void chunks.push(chunk) }));
  return concat(chunks);
}

/** @param {Uint8Array[]} chunks */
function concat(chunks) {
  const bytes = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** @param {Uint8Array} got @param {Uint8Array} expected @param {string} what */
function sameBytes(got, expected, what) {
  same(got.length, expected.length, `${what}: length`);
  same(got.findIndex((byte, index) => byte !== expected[index]), -1, `${what}: first difference`);
}

/** @param {unknown} got @param {unknown} expected @param {string} what */
function same(got, expected, what) {
  if (got !== expected) throw new Error(`${what}: got ${String(got)}, expected ${String(expected)}`);
}
