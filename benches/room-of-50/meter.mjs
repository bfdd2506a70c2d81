// What a page costs: processor time of its main thread, and bytes of its WebSocket, as the browser itself counts them.

import { setTimeout as sleep } from 'node:timers/promises';

/** No frame for so long: nothing more comes of what was done. */
const QUIET_MS = 600;
/** Head and mask of a frame of 126 to 65,535 bytes. */
const HEAD_BYTES = 8;

/** @param {import('playwright-core').Page} page */
export async function meter(page) {
  const session = await page.context().newCDPSession(page);
  let [up, down, framesUp, framesDown, last, changed] = [0, 0, 0, 0, 0, performance.now()];
  const bytes = (/** @type {{ response: { payloadData: string } }} */ { response }) => Buffer.byteLength(response.payloadData, 'base64') + HEAD_BYTES;
  session.on('Network.webSocketFrameSent', (frame) => {
    last = bytes(frame);
    up += last;
    framesUp += 1;
    changed = performance.now();
  });
  session.on('Network.webSocketFrameReceived', (frame) => {
    down += bytes(frame);
    framesDown += 1;
    changed = performance.now();
  });
  await session.send('Network.enable');
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });

  async function cpu() {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN);
  }

  return {
    /** Frames that were sent, and the size of the last. */
    sent: () => ({ frames: framesUp, last }),
    /** Waits until nothing goes over the wire. */
    async quiet() {
      changed = performance.now();
      while (performance.now() - changed < QUIET_MS) await sleep(20);
    },
    /** @template T @param {() => Promise<T>} action */
    async of(action) {
      const before = { cpu: await cpu(), up, down, framesUp, framesDown };
      const result = await action();
      return {
        result,
        cpu: (await cpu()) - before.cpu,
        up: up - before.up,
        down: down - before.down,
        framesUp: framesUp - before.framesUp,
        framesDown: framesDown - before.framesDown,
      };
    },
  };
}
