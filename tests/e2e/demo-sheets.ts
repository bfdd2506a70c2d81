import type { Locator, Page } from 'playwright-core';

import { shown } from './helpers.js';
import type { DemoPage } from './helpers.js';

/** Opens the sheet of a member, on a narrow screen out of the panel. */
export async function openSheet(page: Page, name: string): Promise<Locator> {
  const behindButton = page.getByTestId('panel');
  if (await behindButton.isVisible()) await behindButton.click();
  await page.getByTestId('person').filter({ hasText: name }).getByRole('button').click();
  const sheet = page.getByTestId('member-sheet');
  await shown(sheet);
  return sheet;
}

/** Closes whatever dialogs are open. */
export async function closeSheets(page: Page): Promise<void> {
  // On a narrow screen the panel comes back when a sheet out of it goes.
  const openAfterNextFrame = () =>
    page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const look = () => resolve(document.querySelector('dialog[open]') !== null);
          requestAnimationFrame(() => requestAnimationFrame(look));
        }),
    );
  while (await openAfterNextFrame()) await page.keyboard.press('Escape');
}

/** The 60 digits on screen, as they can be read. */
export async function digitsIn(place: Locator): Promise<string> {
  const groups = await place.getByTestId('digits').locator('span').allTextContents();
  if (groups.length !== 12 || groups.some((group) => !/^\d{5}$/.test(group))) throw new Error(groups.join(' '));
  return groups.join('');
}

/** The number of the whole room, out of the panel. */
export async function roomNumber(page: Page): Promise<string> {
  const place = page.getByTestId('room-number');
  await place.locator('summary').click();
  const digits = await digitsIn(place);
  await place.locator('summary').click();
  return digits;
}

/** Comes back as before: the name is filled in already. */
export async function comeBack({ page }: DemoPage): Promise<void> {
  await page.reload();
  await page.getByTestId('enter').click();
  await shown(page.getByTestId('room'));
}

/** Ana asks, Ben agrees, and both see pictures. */
export async function beginComparison(ana: Page, ben: Page): Promise<void> {
  const sheet = await openSheet(ana, 'Ben');
  await sheet.getByTestId('compare-start').click();
  await shown(ben.getByTestId('compare-banner'));
  await ben.getByTestId('compare-show').click();
  await Promise.all([ana, ben].map((page) => shown(page.getByTestId('pictures'))));
}
