// A process of its own for one size. Started by `sizes.mjs`.

import { resetPeak, memoryOf } from '../lib/memory.mjs';
import { serve } from '../lib/process.mjs';
import { streamSize } from './stream.mjs';

serve({
  /** @param {number} size */
  async stream(size) {
    let before = NaN;
    const seconds = await streamSize(await import(/** @type {string} */ ('../../dist/index.js')), size, () => {
      resetPeak(process.pid);
      before = memoryOf(process.pid).now;
    });
    return { ...seconds, growth: memoryOf(process.pid).peak - before };
  },
});
