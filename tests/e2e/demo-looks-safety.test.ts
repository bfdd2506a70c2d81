import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { seriousProblems } from './axe.js';
import { LOOKS, useDemo } from './demo.js';
import { beginComparison, closeSheets, openSheet } from './demo-sheets.js';
import { createRoom, enterRoom, message, say, says, screenshot, shown } from './helpers.js';

const demo = useDemo();

describe.each(LOOKS)('%s: no serious accessibility problem', (look, options) => {
  const check = async (page: Page, screen: string) => {
    await screenshot(page, `${screen}-${look}`);
    expect(await seriousProblems(page), screen).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${screen} overflows`).toBe(0);
  };

  test('where one makes sure of the others', async () => {
    const { ana, ben, link } = await demo.pair(options);
    await openSheet(ana.page, 'Ben');
    await check(ana.page, 'member');
    await ana.page.getByTestId('verify').click();
    await says(ana.page.getByTestId('member-state'), 'Verified');
    await closeSheets(ana.page);
    await say(ben.page, 'Shall we compare pictures as well?');
    await shown(message(ana.page, 'Shall we compare'));
    await check(ana.page, 'verified');
    if ('viewport' in options) await ana.page.getByTestId('panel').click();
    await ana.page.getByTestId('room-number').locator('summary').click();
    await shown(ana.page.getByTestId('room-number').getByTestId('digits'));
    await check(ana.page, 'room-number');
    await closeSheets(ana.page);

    const sheet = await openSheet(ben.page, 'Ana');
    await sheet.getByTestId('compare-start').click();
    await shown(ana.page.getByTestId('compare-banner'));
    await check(ana.page, 'compare-asked');
    await check(ben.page, 'compare-waiting');
    await ben.page.getByTestId('compare-drop').click();
    await beginComparison(ana.page, ben.page);
    await check(ana.page, 'compare-pictures');
    await ana.page.getByTestId('they-match').click();
    await says(ana.page.getByTestId('compare'), 'Waiting for Ben to say so');
    await check(ana.page, 'compare-confirmed');
    await ben.page.getByTestId('they-differ').click();
    await says(ana.page.getByTestId('compare'), 'somebody may stand between you');
    await check(ana.page, 'compare-differ');
    await ana.page.getByTestId('compare-drop').click();
    await ben.page.getByTestId('compare-drop').click();
    await beginComparison(ana.page, ben.page);
    for (const { page } of [ana, ben]) await page.getByTestId('they-match').click();
    await says(ana.page.getByTestId('compare'), 'The device of Ben is verified');
    await check(ana.page, 'compare-verified');
    await closeSheets(ana.page);

    await ben.close();
    const other = await demo.join('Ben', link, options);
    await shown(ana.page.getByTestId('key-changed'));
    await say(other.page, 'Hello, it is me. New telephone!');
    await shown(message(ana.page, 'Hello, it is me'));
    await check(ana.page, 'key-changed');
    await ana.page.getByTestId('key-changed').getByRole('button', { name: 'Compare' }).click();
    await check(ana.page, 'member-changed');
    await closeSheets(ana.page);
    await ana.page.getByTestId('about').click();
    await ana.page.getByTestId('device').scrollIntoViewIfNeeded();
    await check(ana.page, 'device');
    expect([...ana.problems, ...other.problems]).toEqual([]);
  });

  test('in a room for two', async () => {
    const ana = await demo.open(options);
    await ana.page.getByRole('radio', { name: 'For two' }).check();
    await check(ana.page, 'start-two');
    const link = await createRoom(ana, 'Ana');
    await check(ana.page, 'two-empty');
    const ben = await demo.open(options, link);
    await shown(ben.page.getByTestId('join-form'));
    await check(ben.page, 'two-join');
    await enterRoom(ben, 'Ben');
    await says(ana.page.getByTestId('note'), 'Ben is here');
    await ana.page.getByTestId('invite').click();
    await check(ana.page, 'two-used');
    const eve = await demo.open(options, link);
    await enterRefused(eve.page);
    await check(eve.page, 'two-refused');
    expect([...ana.problems, ...ben.problems, ...eve.problems]).toEqual([]);
  });

  test('where people are found and invited', async () => {
    const [ada, grace] = [await demo.open(options), await demo.open(options)];
    await ada.page.getByTestId('user-id').fill(`ada-${look}`);
    await ada.page.getByTestId('user-id').scrollIntoViewIfNeeded();
    await check(ada.page, 'people-out');
    for (const [page, userId] of [[ada.page, `ada-${look}`], [grace.page, `grace-${look}`]] as const) {
      await page.getByTestId('user-id').fill(userId);
      await page.getByRole('button', { name: 'Take this name' }).click();
      await says(page.getByTestId('own-user-id'), userId);
    }
    await grace.page.getByTestId('find-id').fill(`ada-${look}`);
    await grace.page.getByRole('button', { name: 'Look up' }).click();
    await shown(grace.page.getByTestId('contact'));
    await grace.page.getByTestId('invite-text').fill('About the engine. Bring the drawings if you can.');
    await grace.page.getByTestId('invite-person').scrollIntoViewIfNeeded();
    await check(grace.page, 'people-contact');
    await grace.page.getByTestId('invite-person').click();
    await says(grace.page.getByTestId('welcome'), 'is invited');
    await check(grace.page, 'people-waiting');
    await ada.page.getByRole('button', { name: 'Look again' }).click();
    await shown(ada.page.getByTestId('invitation'));
    await ada.page.getByTestId('invitation').locator('summary').click();
    await ada.page.getByTestId('invitation').scrollIntoViewIfNeeded();
    await check(ada.page, 'people-inbox');
    await ada.page.getByTestId('device-open').click();
    await check(ada.page, 'device-start');
    expect([...ada.problems, ...grace.problems]).toEqual([]);
  });
});

async function enterRefused(page: Page): Promise<void> {
  await page.getByTestId('name').fill('Eve');
  await page.getByTestId('enter').click();
  await shown(page.getByTestId('used-link'));
}
