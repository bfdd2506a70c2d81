// A bot: `/roll 2d20` rolls dice, and a file gets its SHA-256 as the answer.

import { createHash, randomInt } from 'node:crypto';
import { createReadStream } from 'node:fs';

import { connectAgent } from 'hushroom/agent';

const { RELAY = 'ws://127.0.0.1:8787/ws', CODE, PASSWORD, PROTOCOL = 'hush1', NAME = 'Dice', FOLDER = 'received' } = process.env;

async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

const agent = await connectAgent({
  relay: RELAY,
  name: NAME,
  // Without a code the bot makes a room of its own.
  ...(CODE ? { code: CODE } : { create: { protocol: PROTOCOL } }),
  ...(PASSWORD && { password: PASSWORD }),
});

agent.onMessage(
  async ({ body, attachments: [file] }) => {
    if (file) return `${file.name}: ${file.size} bytes, SHA-256 ${await sha256(file.path)}`;
    const [roll, count = '1', sides = '6'] = /^\/roll(?: +(\d{1,2})?d(\d{1,4}))?$/.exec(body.trim()) ?? [];
    if (!roll || count === '0' || Number(sides) < 2) return;
    const dice = Array.from({ length: Number(count) }, () => randomInt(1, Number(sides) + 1));
    return `${dice.join(' + ')}${dice.length > 1 ? ` = ${dice.reduce((sum, die) => sum + die)}` : ''}`;
  },
  { files: { folder: FOLDER, maxBytes: 10 * 1024 * 1024 } },
);

// Before anybody knows that it runs: whoever stops it then sees it leave.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void agent.close());
console.log(`in the room: ${agent.code}`);
const reason = await agent.closed;
if (reason) {
  console.error(`left: ${reason.code} ${reason.message}`);
  process.exitCode = 1;
}
