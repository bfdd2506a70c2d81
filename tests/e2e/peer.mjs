// A member of a room in a process of its own, so that its memory can be measured. Prints one JSON object a line.
//
//   node peer.mjs send    RELAY PATH          makes a room, prints its code, sends PATH to the first who joins
//   node peer.mjs receive RELAY PATH CODE     joins, takes the first file into PATH
//
// While the file runs, the sender says the time every 200 ms, and the receiver prints how long that took.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { createRoom, joinRoom } from '../../dist/room.node.js';

const [role, relay, path, code] = process.argv.slice(2);
const say = (event) => console.log(JSON.stringify(event));
const clock = () => performance.timeOrigin + performance.now();

const room = role === 'send' ? await createRoom({ relay, name: 'sender' }) : await joinRoom({ relay, code, name: 'receiver' });
say({ type: 'open', code: room.code });

// The room is open and everything is loaded: what comes on top is the transfer's.
let peak = 0;
let before = 0;
const sample = () => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
const watch = setInterval(sample, 20);

const delays = [];
const talk = setInterval(() => role === 'send' && started && void room.send(String(clock())), 200);
let started = false;

for await (const event of room.events()) {
  if (event.type === 'error') say({ type: 'error', code: event.error.code });
  if (event.type === 'message' && !event.fromSelf) delays.push(clock() - Number(event.message.text));
  if (event.type === 'member-joined' && role === 'send') {
    before = peak = process.memoryUsage.rss();
    const transfer = room.sendFile(path);
    started = true;
    const start = performance.now();
    await transfer.done;
    say({ type: 'sent', seconds: (performance.now() - start) / 1000, grown: peak - before });
    break;
  }
  if (event.type === 'file-offer') {
    before = peak = process.memoryUsage.rss();
    const transfer = event.offer.accept(path);
    transfer.done.then(finish, (error) => {
      say({ type: 'failed', code: error.code });
      process.exit(1);
    });
  }
}

async function finish({ size }) {
  sample();
  const grown = peak - before;
  const sha256 = createHash('sha256');
  await pipeline(createReadStream(path), sha256);
  say({ type: 'received', size, sha256: sha256.digest('hex'), grown, delays });
  await room.close();
}

clearInterval(talk);
clearInterval(watch);
await room.close();
