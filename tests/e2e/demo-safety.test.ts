import { describe, expect, test } from 'vitest';

import { heard, useDemo } from './demo.js';
import { beginComparison, closeSheets, comeBack, digitsIn, openSheet, roomNumber } from './demo-sheets.js';
import { createRoom, gone, hasFocus, message, say, says, shown } from './helpers.js';

const demo = useDemo();

describe('safety numbers', () => {
  test('are the same on both pages, and a mark stays over a reload', async () => {
    const { ana, ben } = await demo.pair();
    const number = await digitsIn(await openSheet(ana.page, 'Ben'));
    expect(await digitsIn(await openSheet(ben.page, 'Ana'))).toBe(number);
    await closeSheets(ben.page);
    await says(ana.page.getByTestId('member-state'), 'Not verified yet');
    await shown(ana.page.getByRole('img', { name: 'QR code of the safety number' }));
    // No browser that cannot scan offers it.
    expect(await ana.page.getByTestId('scan').count()).toBe(0);

    await ana.page.getByTestId('verify').click();
    await says(ana.page.getByTestId('member-state'), 'Verified');
    await heard(ana.page, 'Ben is marked as verified');
    await closeSheets(ana.page);
    const person = () => ana.page.getByTestId('person').filter({ hasText: 'Ben' });
    await shown(person().getByTestId('verified'));
    await shown(ana.page.getByRole('button', { name: /^Ben verified/ }));
    await say(ben.page, 'It is me');
    await says(message(ana.page, 'It is me'), 'Ben verified');
    // A mark is our own: nobody else knows of it.
    expect(await ben.page.getByTestId('verified').count()).toBe(0);
    expect(await roomNumber(ana.page)).toBe(await roomNumber(ben.page));

    await comeBack(ana);
    await shown(person().getByTestId('verified'));
    expect(await digitsIn(await openSheet(ana.page, 'Ben'))).toBe(number);
    await ana.page.getByTestId('unverify').click();
    await says(ana.page.getByTestId('member-state'), 'Not verified yet');
    await closeSheets(ana.page);
    await gone(person().getByTestId('verified'));
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('the device knows itself and whom it has met, and forgets', async () => {
    const { ana, ben } = await demo.pair();
    await ana.page.getByTestId('about').click();
    const about = ana.page.getByTestId('about-dialog');
    const key = await about.getByTestId('own-key').textContent();
    expect(key).toMatch(/^[\w-]{4} [\w-]{4} [\w-]{4}$/);
    await says(about.getByTestId('known-device'), 'Ben');
    await closeSheets(ana.page);
    await says(await openSheet(ben.page, 'Ana'), `Key ${key ?? ''}`);

    await ana.page.getByTestId('leave').click();
    await ana.page.getByTestId('confirm-leave').click();
    await ana.page.getByTestId('device-open').click();
    await says(ana.page.getByTestId('own-key'), key ?? '');
    await ana.page.getByRole('button', { name: 'Forget Ben' }).click();
    await says(ana.page.getByTestId('device'), 'None yet');
    await heard(ana.page, 'Ben is forgotten');
    await ana.page.keyboard.press('Escape');
    await hasFocus(ana.page.getByTestId('device-open'));
  });

  test('where nothing can be kept, the page says so and works all the same', async () => {
    const ana = await demo.open();
    await ana.page.addInitScript(() => {
      Object.defineProperty(globalThis, 'indexedDB', {
        value: { open: () => { throw new DOMException('refused', 'SecurityError'); } },
      });
    });
    await ana.page.reload();
    await ana.page.getByTestId('device-open').click();
    await says(ana.page.getByTestId('not-lasting'), 'until you close or reload the page');
    await ana.page.keyboard.press('Escape');
    const link = await createRoom(ana, 'Ana');
    const ben = await demo.join('Ben', link);
    const number = await digitsIn(await openSheet(ana.page, 'Ben'));
    expect(await digitsIn(await openSheet(ben.page, 'Ana'))).toBe(number);
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });
});

describe('comparing pictures', () => {
  test('both see the same, say so, and are verified; nobody loses the place where they type', async () => {
    const { ana, ben } = await demo.pair();
    await ben.page.getByTestId('message-input').fill('I was just wri');
    const sheet = await openSheet(ana.page, 'Ben');
    await sheet.getByTestId('compare-start').click();
    await says(ana.page.getByTestId('compare'), 'Waiting for Ben');
    await says(ben.page.getByTestId('compare-banner'), 'Ana wants to compare');
    await heard(ben.page, 'Ana wants to compare pictures with you');
    await ben.page.keyboard.type('ting');
    expect(await ben.page.getByTestId('message-input').inputValue()).toBe('I was just writing');
    await ben.page.getByTestId('compare-show').click();

    const pages = [ana.page, ben.page];
    await Promise.all(pages.map((page) => shown(page.getByTestId('pictures'))));
    const [ours, theirs] = await Promise.all(
      pages.map(async (page) => ({
        pictures: await page.getByTestId('pictures').getByRole('listitem').allInnerTexts(),
        numbers: await page.getByTestId('decimals').textContent(),
      })),
    );
    expect(ours).toEqual(theirs);
    expect(ours?.pictures).toHaveLength(7);
    expect(ours?.numbers).toMatch(/^\d{4} \d{4} \d{4}$/);

    await ana.page.getByTestId('they-match').click();
    await says(ana.page.getByTestId('compare'), 'Waiting for Ben to say so');
    // Out of the way and back again.
    await ana.page.keyboard.press('Escape');
    await ana.page.getByTestId('compare-show').click();
    await ben.page.getByTestId('they-match').click();
    await says(ana.page.getByTestId('compare'), 'The device of Ben is verified');
    await says(ben.page.getByTestId('compare'), 'The device of Ana is verified');
    await Promise.all(pages.map((page) => page.getByTestId('compare-drop').click()));
    await Promise.all(pages.map((page) => shown(page.getByTestId('person').getByTestId('verified'))));
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('pictures that differ are a warning on both pages, and nobody is verified', async () => {
    const { ana, ben } = await demo.pair();
    await beginComparison(ana.page, ben.page);
    await ben.page.getByTestId('they-differ').click();
    for (const { page } of [ana, ben]) {
      await says(page.getByTestId('compare'), 'somebody may stand between you');
      await page.getByTestId('compare-drop').click();
      expect(await page.getByTestId('verified').count()).toBe(0);
    }
  });

  test('can be declined, and given up', async () => {
    const { ana, ben } = await demo.pair();
    const sheet = await openSheet(ana.page, 'Ben');
    await sheet.getByTestId('compare-start').click();
    await ben.page.getByRole('button', { name: 'Not now' }).click();
    await gone(ben.page.getByTestId('compare-banner'));
    await says(ana.page.getByTestId('compare'), 'was given up');
    await ana.page.getByRole('button', { name: 'Try again' }).click();
    await shown(ben.page.getByTestId('compare-banner'));
    await ana.page.getByTestId('compare-drop').click();
    await gone(ben.page.getByTestId('compare-banner'));
    await gone(ana.page.getByTestId('compare'));
  });
});

describe('a key that has changed', () => {
  test('is warned of, marks what it says, and counts once it is accepted', async () => {
    const { ana, ben, link } = await demo.pair();
    await say(ben.page, 'The first Ben');
    await shown(message(ana.page, 'The first Ben'));
    await ben.close();
    await says(ana.page.getByTestId('note'), 'Ben left');
    const other = await demo.join('Ben', link);
    const warning = ana.page.getByTestId('key-changed');
    await says(warning, /The key of Ben has changed\..*somebody else took that name/);
    await says(ana.page.getByTestId('note'), 'The key of Ben has changed');
    await shown(ana.page.getByRole('button', { name: /^Ben key has changed/ }));
    await say(other.page, 'The second Ben');
    const mark = message(ana.page, 'The second Ben').getByTestId('verification');
    await says(mark, 'Changed key');
    expect(await message(ana.page, 'The first Ben').getByTestId('verification').count()).toBe(0);

    await warning.getByRole('button', { name: 'Compare' }).click();
    const sheet = ana.page.getByTestId('member-sheet');
    const number = await digitsIn(sheet);
    expect(await digitsIn(await openSheet(other.page, 'Ana'))).toBe(number);
    await sheet.getByRole('button', { name: 'Accept the new key' }).click();
    await heard(ana.page, 'The new key of Ben is accepted');
    await closeSheets(ana.page);
    await gone(warning);
    await gone(mark);

    // It stays accepted.
    await comeBack(ana);
    await says(ana.page.getByTestId('person'), 'Ben');
    expect(await warning.count()).toBe(0);
    expect([...ana.problems, ...other.problems]).toEqual([]);
  });
});
