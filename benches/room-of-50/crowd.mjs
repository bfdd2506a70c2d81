// The 49 others, in a process of their own: rooms of the package as it is built.

import { setTimeout as sleep } from 'node:timers/promises';

import { at } from '../../scripts/lib/run.mjs';
import { serve } from '../lib/process.mjs';

const { createRoom, joinRoom } = await import(at('dist/room.node.js'));

/** @type {any[]} */
const rooms = [];

/** @param {any} room @param {() => boolean} test */
const until = (room, test) =>
  new Promise((resolve) => {
    const stop = room.subscribe(() => test() && (stop(), resolve(undefined)));
    if (test()) resolve(undefined);
  });

/** @type {Record<string, (...args: any[]) => any>} */
const methods = {
  /** Makes a room and fills it; its code. @param {string} relay @param {number} count */
  async fill(relay, count) {
    rooms.push(await createRoom({ relay, name: 'member 0' }));
    while (rooms.length < count) rooms.push(await joinRoom({ relay, code: rooms[0].code, name: `member ${rooms.length}` }));
    await Promise.all(rooms.map((room) => until(room, () => room.members.length === count)));
    // Everybody has everybody's sender key.
    for (const room of rooms) await room.send('hello');
    await Promise.all(rooms.map((room) => until(room, () => room.getSnapshot().messages.length === count)));
    return rooms[0].code;
  },
  /** @param {number} count */
  met: (count) => Promise.all(rooms.map((room) => until(room, () => room.members.length === count))),
  /** Each says `text`, one after the other. @param {string} text */
  async eachSays(text) {
    for (const room of rooms) await room.send(text);
  },
  /** The first says `text` so often. @param {string} text @param {number} count @param {number} everyMs */
  async firstSays(text, count, everyMs) {
    for (let index = 0; index < count; index += 1) {
      await rooms[0].send(text);
      await sleep(everyMs);
    }
  },
  /** Everybody has so many messages with this text. @param {string} text @param {number} count */
  heard: (text, count) =>
    Promise.all(rooms.map((room) => until(room, () => room.getSnapshot().messages.filter((/** @type {any} */ message) => message.text === text).length >= count))),
  leaveOne: () => rooms.pop().close(),
  close: () => Promise.all(rooms.map((room) => room.close())),
};

serve(methods);
