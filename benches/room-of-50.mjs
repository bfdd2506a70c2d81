// A room of 50: what a member in Chromium pays to join it, to send and to open a message, and to give everybody a new sender key.
// 49 members are in one process of Node, the relay in another.

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { startChromium } from './lib/chromium.mjs';
import { startProcess } from './lib/process.mjs';
import { median, percentile, table } from './lib/stats.mjs';
import { meter } from './room-of-50/meter.mjs';
import { startRelay } from './transfer/relay.mjs';

const MEMBERS = 50;
/** Between posts, so that one is done before the next. */
const EVERY_MS = 60;
const TEXT = 'x'.repeat(200);
/** Behind every post of a kind of its own, so that no rate of the relay is measured. */
const NO_RATE = ['--posts-per-second', '0'];

/** @param {{ quick: boolean }} options @returns {Promise<string>} Markdown. */
export async function run({ quick }) {
  const messages = quick ? 40 : 200;
  const browser = await startChromium(new URL('room-of-50/page.mjs', import.meta.url), 'room.js');
  try {
    console.error('room of 50: costs');
    const costs = await measure(browser, messages);
    console.error('room of 50: with the default rate');
    const usual = await joinWith(browser, []);
    return [
      `## A room of ${MEMBERS}\n`,
      `A member in Chromium; messages of ${TEXT.length} bytes, ${messages} each way. Processor time is that of the page's main thread, bytes are payloads of WebSocket\n` +
        'frames with 8 bytes for their head.\n',
      table(['', 'measured', 'aim'], costs),
      `\nWith the relay's default rate of posts, all ${MEMBERS - 1} others were known ${usual.met.toFixed(0)} ms after the call, and the first message was taken ` +
        `${usual.said.toFixed(0)} ms later.`,
    ].join('\n');
  } finally {
    await browser.stop();
  }
}

/** @typedef {Awaited<ReturnType<typeof startChromium>>} Browser */

/** @param {Browser} browser @param {number} messages */
async function measure(browser, messages) {
  return withRoom(browser, NO_RATE, async ({ crowd, call, cost, relay, code }) => {
    await call('load');
    const join = await cost.of(async () => {
      const times = await call('join', relay, code, MEMBERS);
      await cost.quiet();
      return times;
    });
    const first = await cost.of(async () => {
      await call('say', TEXT);
      await crowd('heard', TEXT, 1);
      await cost.quiet();
    });
    const everybody = await cost.of(async () => {
      await crowd('eachSays', 'first');
      await call('heard', MEMBERS - 1);
      await cost.quiet();
    });
    /** @type {number[]} */
    const took = [];
    /** @type {number[]} */
    const sizes = [];
    const send = await cost.of(async () => {
      for (let index = 0; index < messages; index += 1) {
        const before = cost.sent().frames;
        const { took: ms } = await call('say', TEXT);
        took.push(ms);
        // Those with a new sender key before them are counted below.
        const { frames, last } = cost.sent();
        if (frames === before + 1) sizes.push(last);
        await sleep(EVERY_MS);
      }
      await cost.quiet();
    });
    await call('takeHandled');
    const open = await cost.of(async () => {
      await crowd('firstSays', TEXT, messages, EVERY_MS);
      await call('heard', MEMBERS - 1 + messages);
      await cost.quiet();
    });
    const handled = await call('takeHandled');
    await crowd('leaveOne');
    await call('members', MEMBERS - 1);
    await cost.quiet();
    const rotation = await cost.of(async () => {
      await call('say', TEXT);
      await cost.quiet();
    });
    await call('close');
    const ms = (/** @type {number} */ value) => `${value.toFixed(2)} ms`;
    const kb = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} kB`;
    const whole = (/** @type {number} */ value) => `${value.toFixed(0)} ms`;
    return [
      ['joining, until everybody is known: processor time', whole(join.cpu), '1,000 ms'],
      ['… until the first message of ours is out', whole(join.cpu + first.cpu), '1,000 ms'],
      ['… and everybody else has said something', whole(join.cpu + first.cpu + everybody.cpu), ''],
      ['… bytes up, down', `${kb(join.up + first.up)}, ${kb(join.down + first.down)}`, ''],
      ['… posts up', String(join.framesUp + first.framesUp), ''],
      ['sending a message: the call, median', ms(median(took)), '2 ms'],
      ['… 95 % below', ms(percentile(took, 0.95)), ''],
      ['… all of it, new sender keys and answers included, mean', ms(send.cpu / messages), ''],
      ['… bytes up', String(median(sizes)), '350'],
      ['opening a message: its frame, median', ms(median(handled)), '2 ms'],
      ['… 95 % below', ms(percentile(handled, 0.95)), ''],
      ['… all of it, mean', ms(open.cpu / messages), ''],
      ['a new sender key for everybody, with its message: bytes up', kb(rotation.up), '25 kB'],
      ['… processor time', whole(rotation.cpu), ''],
    ];
  });
}

/** How long joining takes, and the first message after it. @param {Browser} browser @param {readonly string[]} options */
async function joinWith(browser, options) {
  return withRoom(browser, options, async ({ call, relay, code }) => {
    await call('load');
    const { met } = await call('join', relay, code, MEMBERS);
    const { accepted } = await call('say', TEXT);
    await call('close');
    return { met, said: accepted };
  });
}

/**
 * A room with all but one, and a page.
 *
 * @template T
 * @param {Browser} browser
 * @param {readonly string[]} options - Of the relay.
 * @param {(it: { crowd: (method: string, ...args: any[]) => Promise<any>, call: (method: string, ...args: any[]) => Promise<any>, cost: Awaited<ReturnType<typeof meter>>, relay: string, code: string }) => Promise<T>} use
 */
async function withRoom(browser, options, use) {
  const relay = await startRelay(options);
  const crowd = startProcess(fileURLToPath(new URL('room-of-50/crowd.mjs', import.meta.url)));
  const page = await browser.open();
  try {
    const code = await crowd.call('fill', relay.url, MEMBERS - 1);
    const cost = await meter(page);
    const call = (/** @type {string} */ method, /** @type {any[]} */ ...args) =>
      page.evaluate(([name, list]) => /** @type {any} */ (globalThis).methods[name](...list), /** @type {const} */ ([method, args]));
    return await use({ crowd: crowd.call, call, cost, relay: relay.url, code });
  } finally {
    await page.context().close();
    crowd.end();
    await relay.stop();
  }
}
