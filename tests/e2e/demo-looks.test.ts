import { randomBytes } from 'node:crypto';

import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { CONTENT_SECURITY_POLICY } from '../../www/csp.js';
import { seriousProblems } from './axe.js';
import { LOOKS, NARROW, picture, sendFiles, useDemo } from './demo.js';
import { createRoom, fileCard, gone, hasFocus, message, say, says, screenshot, shown } from './helpers.js';

const demo = useDemo();

describe('looks and access', () => {
  test('the theme follows the device until one is chosen, and the choice is kept', async () => {
    const { page } = await demo.open({ colorScheme: 'dark' });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await ground();
    await page.getByTestId('theme').getByText('Light').click();
    const light = await ground();
    expect(light).not.toBe(dark);
    await page.reload();
    expect(await ground()).toBe(light);
    await page.getByTestId('theme').getByText('System').click();
    expect(await ground()).toBe(dark);
  });

  test('narrow: nothing runs over the edge, people and files are behind a button', async () => {
    const { ana } = await demo.pair(NARROW);
    await say(ana.page, `A long word: ${'x'.repeat(300)}`);
    await shown(message(ana.page, 'A long word'));
    const overflow = await ana.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow).toBe(0);
    await ana.page.getByTestId('panel').click();
    await says(ana.page.getByRole('dialog'), 'Ben');
    await ana.page.keyboard.press('Escape');
    await gone(ana.page.getByRole('dialog'));
    await hasFocus(ana.page.getByTestId('panel'));
  });

  test('everything works with the keyboard alone', async () => {
    const ana = await demo.open();
    const { keyboard } = ana.page;
    await ana.page.getByTestId('name').focus();
    await keyboard.type('Ana');
    await keyboard.press('Enter');
    await shown(ana.page.getByTestId('room'));
    const link = await ana.page.getByTestId('room-link').inputValue();
    const ben = await demo.join('Ben', link);
    await says(ana.page.getByTestId('person'), 'Ben');

    // The composer has the focus; Shift+Enter is a new line.
    await keyboard.type('One');
    await keyboard.press('Shift+Enter');
    await keyboard.type('two');
    await keyboard.press('Enter');
    await shown(message(ben.page, 'One\ntwo'));
    await say(ben.page, 'Second');
    await shown(message(ana.page, 'Second'));

    // Back over attach to the newest message's last action, and to the message itself.
    const focusIsOn = (name: string) =>
      ana.page.waitForFunction(
        (wanted) => {
          const { activeElement } = document;
          return (activeElement?.getAttribute('aria-label') ?? activeElement?.textContent ?? '').includes(wanted);
        },
        name,
      );
    await keyboard.press('Shift+Tab');
    await focusIsOn('Attach files');
    await keyboard.press('Shift+Tab');
    await focusIsOn('Reply');
    await keyboard.press('ArrowUp');
    await focusIsOn('One');
    await keyboard.press('ArrowDown');
    await focusIsOn('Second');
    await keyboard.press('Tab');
    await focusIsOn('React');
    await keyboard.press('Enter');
    await shown(ana.page.getByTestId('palette'));
    await keyboard.press('Escape');
    await gone(ana.page.getByTestId('palette'));
    await focusIsOn('React');
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await shown(message(ben.page, 'Second').getByRole('button', { name: '❤️ 1, from Ana' }));
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await says(ana.page.getByTestId('reply-bar'), 'Replying to Ben');
    await keyboard.press('Escape');
    await gone(ana.page.getByTestId('reply-bar'));

    await ana.page.getByTestId('leave').focus();
    await keyboard.press('Enter');
    await shown(ana.page.getByRole('dialog', { name: 'Leave this room?' }));
    await keyboard.press('Escape');
    await gone(ana.page.getByRole('dialog'));
    await focusIsOn('Leave');
  });

  test('the policy is the strict one, in the header and in the page, and nothing else is loaded', async () => {
    const { ana, ben } = await demo.pair();
    const response = await ana.page.request.get(demo.relay.url);
    const header = response.headers()['content-security-policy'] ?? '';
    const directives = (policy: string) =>
      policy
        .split(';')
        .map((directive) => directive.trim())
        .filter(Boolean)
        .sort();
    expect(directives(header)).toEqual([...directives(CONTENT_SECURITY_POLICY), "frame-ancestors 'none'"].sort());
    expect(await ana.page.locator('meta[http-equiv=Content-Security-Policy]').getAttribute('content')).toBe(
      CONTENT_SECURITY_POLICY,
    );
    const origin = new URL(demo.relay.url).host;
    for (const address of [...ana.requests, ...ben.requests]) {
      expect(new URL(address).host, address).toBe(origin);
      expect(address).not.toContain('#');
    }
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test.each(LOOKS)('%s: no serious accessibility problem on any screen', async (look, options) => {
    const ana = await demo.open(options);
    const check = async (screen: string) => {
      await screenshot(ana.page, `${screen}-${look}`);
      expect(await seriousProblems(ana.page), screen).toEqual([]);
    };
    await check('start');
    const link = await createRoom(ana, 'Ana');
    await check('empty-room');
    await ana.page.getByTestId('invite').click();
    await check('invite');
    await ana.page.keyboard.press('Escape');
    const ben = await demo.join('Ben', link);
    await talk(ana.page, ben.page);
    await check('room');
    if ('viewport' in options) {
      await ana.page.getByTestId('panel').click();
      await check('panel');
      await ana.page.keyboard.press('Escape');
    }
    await ana.page.getByTestId('leave').click();
    await check('leave');
    const guest = await demo.open(options, link);
    await shown(guest.page.getByTestId('join-form'));
    await screenshot(guest.page, `join-${look}`);
    expect(await seriousProblems(guest.page), 'join').toEqual([]);
    expect([...ana.problems, ...ben.problems, ...guest.problems]).toEqual([]);
  });
});

/** A little conversation with everything in it. */
async function talk(ana: Page, ben: Page): Promise<void> {
  await say(ana, 'Good morning! Did you get the photos from the lake?');
  await shown(message(ben, 'Good morning'));
  await say(ben, 'All of them. The route is here: https://example.org/lake-loop');
  await shown(message(ana, 'All of them'));
  await message(ana, 'All of them').hover();
  await message(ana, 'All of them').getByRole('button', { name: 'React', exact: true }).click();
  await ana.getByRole('button', { name: 'React with 👍' }).click();
  await message(ben, 'Good morning').hover();
  await message(ben, 'Good morning').getByRole('button', { name: 'Reply' }).click();
  await say(ben, 'And these two are from this morning.');
  await shown(message(ana, 'And these two'));
  await sendFiles(ben, [
    { name: 'lake.png', mimeType: 'image/png', buffer: picture(960, 600) },
    { name: 'lake-loop.gpx', mimeType: 'application/gpx+xml', buffer: randomBytes(84_213) },
  ]);
  await shown(ana.getByTestId('picture'));
  await shown(fileCard(ana, 'lake-loop.gpx').getByTestId('accept'));
  // The view follows what comes, also when a picture takes up its place later.
  await ana.waitForFunction(() => {
    const loaded = document.querySelector<HTMLImageElement>('[data-testid=picture]')?.complete;
    const log = document.querySelector('[data-testid=log]');
    return loaded === true && log !== null && log.scrollHeight - log.scrollTop - log.clientHeight < 2;
  });
  await ben.getByTestId('message-input').pressSequentially('One');
  await says(ana.getByTestId('typing'), 'Ben is typing');
}
