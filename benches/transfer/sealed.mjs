// A client made of the package.

import { sharedNow } from './frames.mjs';

const CHAT_EVERY_MS = 100;

/** Both sides, with the room entry of the package. @param {any} hushroom */
export function sealedPeer({ createRoom, joinRoom }) {
  return {
    /**
     * Makes a room and takes the first file that is offered.
     *
     * @param {string} relay
     * @param {any} sink
     */
    async receive(relay, sink) {
      const room = await createRoom({ relay, name: 'receiver' });
      const finished = taken(room, sink);
      return { code: room.code, finished, chat: chat(room), close: () => room.close() };
    },

    /** @param {string} relay @param {string} code */
    async send(relay, code) {
      const room = await joinRoom({ relay, code, name: 'sender' });
      if (room.members.length < 2) {
        for await (const { type } of room.events()) if (type === 'member-joined') break;
      }
      return {
        /** Sends a file; resolves when the receiver has all of it. @param {any} file */
        transfer: (file) => room.sendFile(file, { name: 'file' }).done,
        chat: chat(room),
        close: () => room.close(),
      };
    },
  };
}

/** @param {any} room @param {any} sink */
async function taken(room, sink) {
  for await (const event of room.events()) {
    if (event.type === 'file-offer') return (await event.offer.accept(sink).done).size;
  }
}

/** Says the time again and again, and notes how late what the other says comes. @param {any} room */
function chat(room) {
  /** @type {number[]} */
  const delays = [];
  void (async () => {
    for await (const event of room.events()) {
      if (event.type === 'message' && !event.fromSelf) delays.push(sharedNow() - Number(event.message.text));
    }
  })();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  return {
    start() {
      timer = setInterval(() => void room.send(String(sharedNow())), CHAT_EVERY_MS);
    },
    /** Milliseconds on the way, of each message that came. */
    stop() {
      clearInterval(timer);
      return delays;
    },
  };
}
