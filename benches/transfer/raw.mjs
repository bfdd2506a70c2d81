// A client without encryption, for comparison: the same frames, windows and acknowledgements, and nothing else. It checks
// nothing, seals nothing, and knows one transfer.

import { decode, encode } from '@msgpack/msgpack';

import { SEGMENT_BYTES } from './frames.mjs';

/** What `hushroom` gives a lone transfer: 28 segments, of which 7 stay free for others. */
const CREDIT_BYTES = 21 * SEGMENT_BYTES;
const ACK_BYTES = 4 * SEGMENT_BYTES;
const STREAM = 1;
const CREATE = 0x01;
const BULK = 0x41;
const WINDOW = 0x42;
const ROOM_JOINED = 0x11;
const MEMBER_JOINED = 0x12;
const BULK_FROM = 0x51;
const WINDOW_FROM = 0x52;
/** Where a bulk frame says that it is one: behind `{"type":`. */
const TYPE_AT = 6;

/** @typedef {{ roomId: string, auth: number[] }} Code */

/**
 * Enters a room; `onFrame` gets every frame that comes after that.
 *
 * @param {typeof WebSocket} Socket
 * @param {string} relay
 * @param {Code} code
 * @param {(type: number, frame: Uint8Array) => void} onFrame
 * @returns {Promise<{ socket: WebSocket, members: { id: string }[] }>}
 */
function enter(Socket, relay, { roomId, auth }, onFrame) {
  return new Promise((resolve, reject) => {
    const socket = new Socket(`${relay.replace('http', 'ws')}/ws`);
    socket.binaryType = 'arraybuffer';
    socket.onerror = () => reject(new Error('the relay cannot be reached'));
    socket.onopen = () => {
      const resume = crypto.getRandomValues(new Uint8Array(16));
      socket.send(encode({ type: CREATE, data: { proto: 'hush1', roomId, auth: Uint8Array.from(auth), resume, seen: 0 } }));
    };
    socket.onmessage = ({ data }) => {
      const frame = new Uint8Array(data);
      const type = frame[TYPE_AT] ?? 0;
      if (type === ROOM_JOINED) resolve({ socket, members: dataOf(frame).members });
      else onFrame(type, frame);
    };
  });
}

/** @param {Uint8Array} frame */
const dataOf = (frame) => /** @type {any} */ (decode(frame)).data;

/** Both sides, with the WebSocket of the platform. @param {typeof WebSocket} Socket */
export function rawPeer(Socket) {
  return {
    /**
     * Makes a room and takes whatever comes.
     *
     * @param {string} relay
     * @param {number} size - Of the file that will come.
     */
    async receive(relay, size) {
      const letters = crypto.getRandomValues(new Uint8Array(21));
      const roomId = Array.from(letters, (byte) => 'abcdefghijklmnop'[byte % 16]).join('');
      const code = { roomId, auth: [...crypto.getRandomValues(new Uint8Array(32))] };
      let delivered = 0;
      let acknowledged = 0;
      let from = '';
      /** @type {(bytes: number) => void} */
      let resolve;
      const finished = new Promise((done) => (resolve = done));
      const { socket } = await enter(Socket, relay, code, (type, frame) => {
        if (type === BULK_FROM) {
          delivered += Math.min(SEGMENT_BYTES, size - delivered);
          if (delivered - acknowledged >= ACK_BYTES || delivered === size) acknowledge();
          if (delivered === size) resolve(delivered);
        } else if (type === MEMBER_JOINED) {
          from = dataOf(frame).id;
          acknowledge();
        }
      });
      function acknowledge() {
        acknowledged = delivered;
        socket.send(encode({ type: WINDOW, data: { to: from, stream: STREAM, delivered, limit: delivered + CREDIT_BYTES } }));
      }
      return { code, finished, close: () => socket.close() };
    },

    /** Enters the room of `code`, whose maker is the receiver. @param {string} relay @param {Code} code */
    async send(relay, code) {
      let delivered = 0;
      let limit = 0;
      /** @type {() => void} */
      let moved = () => undefined;
      const { socket, members } = await enter(Socket, relay, code, (type, frame) => {
        if (type !== WINDOW_FROM) return;
        ({ delivered, limit } = dataOf(frame));
        moved();
      });
      const to = [members[0]?.id];
      return {
        /** Sends a file; resolves when all of it was acknowledged. @param {{ size: number, read(offset: number, length: number): Promise<Uint8Array> }} file */
        async transfer({ size, read }) {
          for (let offset = 0; offset < size; offset += SEGMENT_BYTES) {
            const body = await read(offset, Math.min(SEGMENT_BYTES, size - offset));
            while (offset + body.length > limit) await new Promise((resolve) => (moved = () => resolve(undefined)));
            socket.send(bulk(to, offset, body));
          }
          while (delivered < size) await new Promise((resolve) => (moved = () => resolve(undefined)));
        },
        close: () => socket.close(),
      };
    },
  };
}

/** @param {(string | undefined)[]} to @param {number} offset @param {Uint8Array} body */
function bulk(to, offset, body) {
  const empty = encode({ type: BULK, data: { to, stream: STREAM, offset, body: new Uint8Array(0) } });
  // An empty body is `c4 00` at the very end; ours has four bytes of length.
  const head = empty.length - 2;
  const frame = new Uint8Array(head + 5 + body.length);
  frame.set(empty.subarray(0, head));
  frame[head] = 0xc6;
  new DataView(frame.buffer).setUint32(head + 1, body.length);
  frame.set(body, head + 5);
  return frame;
}
