import { describe, expect, test } from 'vitest';

import { codeOf, useDemo } from './demo.js';
import { closeSheets, comeBack } from './demo-sheets.js';
import { createRoom, enterRoom, gone, hasFocus, message, say, says, shown } from './helpers.js';

const demo = useDemo();

describe('a room for two', () => {
  test('its link lets one person in, once; a third is told what to do, and both come back', async () => {
    const ana = await demo.open();
    await ana.page.getByRole('radio', { name: 'For two' }).check();
    expect(await ana.page.getByLabel('Room for').count()).toBe(0);
    const link = await createRoom(ana, 'Ana');
    expect(codeOf(link)).toMatch(/^hush1:[\w-]{21}:[\w-]{43}:0:0:2$/);
    await says(ana.page.getByTestId('welcome'), 'This link works once');
    await ana.page.getByTestId('invite').click();
    await says(ana.page.getByTestId('invite-lead'), 'This link works once');
    await closeSheets(ana.page);
    await ana.page.getByTestId('about').click();
    await says(ana.page.getByTestId('about-dialog'), 'refuse a third');
    await closeSheets(ana.page);

    const ben = await demo.open({}, link);
    await says(ben.page.getByTestId('join-form'), 'The link works once');
    await enterRoom(ben, 'Ben');
    await says(ana.page.getByTestId('person'), 'Ben');
    await ana.page.getByTestId('invite').click();
    await says(ana.page.getByTestId('link-used'), 'nobody else can come in');
    expect(await ana.page.getByRole('dialog').getByTestId('room-link').count()).toBe(0);
    await closeSheets(ana.page);

    const eve = await demo.open({}, link);
    await eve.page.getByTestId('name').fill('Eve');
    await eve.page.getByTestId('enter').click();
    await says(eve.page.getByTestId('used-link'), /This invitation was used.*Ask for a new link/);
    await hasFocus(eve.page.getByRole('heading', { name: 'This invitation was used' }));
    await eve.page.getByRole('button', { name: 'Use another link' }).click();
    await shown(eve.page.getByTestId('create-form'));
    expect(await ana.page.getByTestId('person').count()).toBe(2);

    await say(ana.page, 'Only you and me');
    await shown(message(ben.page, 'Only you and me'));
    for (const [one, other, text] of [[ana, ben, 'Ana is back'], [ben, ana, 'Ben is back']] as const) {
      await comeBack(one);
      await says(one.page.getByTestId('person'), one === ana ? 'Ben' : 'Ana');
      await say(one.page, text);
      await shown(message(other.page, text));
      await gone(one.page.getByText('Sending…'));
    }
    expect([...ana.problems, ...ben.problems, ...eve.problems]).toEqual([]);
  });

  test('who is alone in it after a reload is not told to share a link that is used', async () => {
    const ana = await demo.open();
    await ana.page.getByRole('radio', { name: 'For two' }).check();
    const link = await createRoom(ana, 'Ana');
    // Before anybody has come the link still works after a reload.
    await comeBack(ana);
    await says(ana.page.getByTestId('welcome'), 'This link works once');
    const ben = await demo.join('Ben', link);
    await says(ana.page.getByTestId('person'), 'Ben');
    await ben.close();
    await says(ana.page.getByTestId('note'), 'Ben left');
    await comeBack(ana);
    await says(ana.page.getByTestId('welcome'), 'The link has let somebody in');
    expect(await ana.page.getByTestId('room-link').count()).toBe(0);
  });

  test('is native: the other kind of room is not offered for two', async () => {
    const { page } = await demo.open();
    await page.getByText('More options').click();
    await page.getByRole('radio', { name: 'Arthas compatible' }).check();
    await page.getByRole('radio', { name: 'For two' }).check();
    expect(await page.getByTestId('kinds').count()).toBe(0);
    expect(await page.getByTestId('password').count()).toBe(0);
    await page.getByRole('radio', { name: 'A group' }).check();
    expect(await page.getByRole('radio', { name: 'Arthas compatible' }).isChecked()).toBe(true);
  });
});
