import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { MICROPHONE, useDemo } from './demo.js';
import { closeSheets, openSheet } from './demo-sheets.js';
import { screenshot, shown } from './helpers.js';
import type { DemoPage } from './helpers.js';

/** Its fake devices are a camera, too. */
const demo = useDemo(MICROPHONE);

/** The package as Node loads it. */
async function library(): Promise<typeof import('../../js/room/index.js')> {
  return (await import(new URL('../../dist/room.node.js', import.meta.url).href)) as never;
}

/** Stands in for the detector that few browsers have: whatever is before the camera, it reads these. */
async function reads(page: Page, codes: readonly Uint8Array[]): Promise<void> {
  await page.evaluate(
    (values) => {
      Object.assign(globalThis, {
        BarcodeDetector: class {
          detect() {
            return Promise.resolve(values.map((rawValue) => ({ rawValue })));
          }
        },
      });
    },
    codes.map((bytes) => String.fromCharCode(...bytes)),
  );
}

const outcome = (page: Page, is: string) => shown(page.locator(`[data-testid=scan-outcome][data-outcome=${is}]`));

/** Ana is in a room with somebody whose code can be had as bytes. */
async function withPeer(work: (ana: DemoPage, scannable: Uint8Array) => Promise<void>): Promise<void> {
  const { createRoom } = await library();
  const room = await createRoom({ relay: `${demo.relay.url}/ws`, name: 'Node' });
  try {
    const ana = await demo.join('Ana', `${demo.relay.url}/#${room.code}`);
    await shown(ana.page.getByTestId('person').filter({ hasText: 'Node' }));
    const other = await new Promise<string>((resolve) => {
      const look = () => {
        const found = room.members.find(({ self }) => !self);
        if (found !== undefined) resolve(found.id);
      };
      room.subscribe(look);
      look();
    });
    await work(ana, room.safetyNumber(other).scannable);
  } finally {
    await room.close();
  }
}

describe('scanning a safety number', () => {
  test('says whether the codes fit, and looks on past codes that are something else', () =>
    withPeer(async ({ page, problems }, scannable) => {
      const other = scannable.slice();
      // A byte of the other side's half.
      other.set([(other[30] ?? 0) ^ 1], 30);
      await reads(page, [new TextEncoder().encode('https://example.org/'), scannable]);
      await openSheet(page, 'Node');
      await page.getByTestId('scan').click();
      await outcome(page, 'same');
      await screenshot(page, 'scan-same');
      expect(await page.getByTestId('member-state').textContent()).toContain('Not verified yet');
      await page.getByTestId('verify').click();
      await shown(page.getByTestId('unverify'));
      await closeSheets(page);

      await reads(page, [other]);
      await openSheet(page, 'Node');
      await page.getByTestId('scan').click();
      await outcome(page, 'different');
      await closeSheets(page);

      await reads(page, [new TextEncoder().encode('https://example.org/')]);
      await openSheet(page, 'Node');
      await page.getByTestId('scan').click();
      await outcome(page, 'looking');
      await screenshot(page, 'scan-looking');
      // Closing lets the camera go.
      const track = await page.evaluateHandle(
        () => (document.querySelector('video')?.srcObject as MediaStream).getVideoTracks()[0],
      );
      await closeSheets(page);
      expect(await track.evaluate((video) => video?.readyState)).toBe('ended');
      expect(problems).toEqual([]);
    }));

  test('lets go of a camera that is still starting', () =>
    withPeer(async ({ page, problems }, scannable) => {
      await reads(page, [scannable]);
      await page.evaluate(() => {
        HTMLMediaElement.prototype.play = () => new Promise((start) => Object.assign(globalThis, { start }));
      });
      await openSheet(page, 'Node');
      await page.getByTestId('scan').click();
      await page.waitForFunction(() => 'start' in globalThis);
      const track = await page.evaluateHandle(
        () => (document.querySelector('video')?.srcObject as MediaStream).getVideoTracks()[0],
      );
      await closeSheets(page);
      await page.evaluate(() => (globalThis as unknown as { start(): void }).start());
      expect(await track.evaluate((video) => video?.readyState)).toBe('ended');
      expect(problems).toEqual([]);
    }));
});
