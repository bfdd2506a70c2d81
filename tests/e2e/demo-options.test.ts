import { expect, describe, test } from 'vitest';

import { choose, codeOf, heard, PROTOCOLS, useDemo } from './demo.js';
import { createRoom, gone, hasFocus, message, say, says, screenshot, shown } from './helpers.js';

const demo = useDemo();

/** The package as Node loads it. */
async function library(): Promise<typeof import('../../js/room/index.js')> {
  return (await import(new URL('../../dist/room.node.js', import.meta.url).href)) as never;
}

describe('opening a room', () => {
  test('what few need is folded away, and an Arthas room says what it means', async () => {
    const { page } = await demo.open();
    expect(await page.getByLabel('Messages vanish').isVisible()).toBe(false);
    await page.getByText('More options').click();
    await shown(page.getByLabel('Messages vanish'));
    expect(await page.getByTestId('password').count()).toBe(0);
    expect(await page.getByLabel('Room for').isEnabled()).toBe(true);

    await page.getByRole('radio', { name: 'Arthas compatible' }).check();
    const meaning = page.getByRole('radio', { description: /Weaker guarantees.*5 MiB.*fifty people/ });
    expect(await meaning.isChecked()).toBe(true);
    expect(await page.getByLabel('Room for').isDisabled()).toBe(true);
    expect(await page.getByLabel('Room for').inputValue()).toBe('50');
    await says(page.locator('.hint'), 'It only guards the door');

    await page.getByRole('radio', { name: 'Native' }).check();
    await gone(page.getByTestId('password'));
    expect(await page.getByLabel('Room for').inputValue()).toBe('10');
  });

  test('in a native room, about it says what it is', async () => {
    const ana = await demo.open();
    await createRoom(ana, 'Ana');
    await says(ana.page.getByTestId('about'), 'Native');
    await ana.page.getByTestId('about').click();
    const about = ana.page.getByRole('dialog', { name: 'About this room' });
    await says(about, /A native room.*Never: they stay.*When all have left/);
    expect(await about.getByText('Marks beside messages').count()).toBe(0);
    await ana.page.keyboard.press('Escape');
    await hasFocus(ana.page.getByTestId('about'));
  });

  test('an Arthas room with a password: asked for when needed, and told when it is wrong', async () => {
    const ana = await demo.open();
    await choose(ana.page, { protocol: 'arthas', vanish: 'after 5 minutes', password: 'abc' });
    await ana.page.getByTestId('name').fill('A name of twenty-three.');
    await ana.page.getByTestId('enter').click();
    await says(ana.page.getByTestId('problem'), 'at most 20 characters');
    await ana.page.getByTestId('name').fill('Ana');
    await ana.page.getByTestId('enter').click();
    await says(ana.page.getByTestId('problem'), 'a password of 4 to 20 characters');
    const password = ana.page.getByTestId('password');
    await password.fill('open sesame');
    expect(await password.getAttribute('type')).toBe('password');
    await ana.page.getByRole('button', { name: 'Show the password' }).click();
    expect(await password.getAttribute('type')).toBe('text');
    const link = await createRoom(ana, 'Ana');
    const code = codeOf(link);
    expect(code).toMatch(/^[\w-]{21}:[\w-]{43}:300$/);
    expect(code).not.toContain('sesame');
    await says(ana.page.getByTestId('about'), 'Arthas');
    await ana.page.getByTestId('about').click();
    const about = ana.page.getByTestId('about-dialog');
    await says(about, /An Arthas compatible room.*After 5 min.*Asked of everybody who joins/);
    await ana.page.keyboard.press('Escape');

    const ben = await demo.open({}, link);
    await says(ben.page.getByTestId('terms'), /Arthas compatible.*vanish 5 min/);
    expect(await ben.page.getByTestId('password').count()).toBe(0);
    await ben.page.getByTestId('name').fill('Ben');
    await ben.page.getByTestId('enter').click();
    await shown(ben.page.getByTestId('password'));
    expect(await ben.page.getByTestId('problem').count()).toBe(0);
    await hasFocus(ben.page.getByTestId('password'));
    await screenshot(ben.page, 'password-asked');
    await ben.page.getByTestId('password').fill('open barley');
    await ben.page.getByTestId('password').press('Enter');
    await says(ben.page.getByTestId('problem'), 'That password is wrong');
    await screenshot(ben.page, 'password-wrong');
    await ben.page.getByTestId('password').fill('open sesame');
    await ben.page.getByTestId('password').press('Enter');
    await shown(ben.page.getByTestId('room'));
    await says(ana.page.getByTestId('person'), 'Ben');
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });
});

describe.each(PROTOCOLS)('%s: messages that vanish', (protocol) => {
  test('each counts, goes at every member, and its going is told', async () => {
    const { ana, ben } = await demo.pair({}, { protocol, vanish: 'after 10 seconds' });
    for (const { page } of [ana, ben]) await says(page.getByTestId('vanish-chip'), 'Vanish after 10 sec');
    await say(ana.page, 'Not for long');
    await says(message(ana.page, 'Not for long').getByTestId('vanishing'), /Vanishes in (10|9|8) sec/);
    await says(message(ben.page, 'Not for long').getByTestId('vanishing'), /Vanishes in (10|9|8) sec/);
    // Firefox tells of a focus in the window in front only.
    await ben.page.bringToFront();
    await message(ben.page, 'Not for long').focus();
    await screenshot(ben.page, `vanishing-${protocol}`);
    await Promise.all([ana, ben].map(({ page }) => gone(page.getByText('Not for long'))));
    for (const { page } of [ana, ben]) await heard(page, 'A message has vanished');
    // Who stood on it stands somewhere sensible, not at the top of the page.
    const field = ben.page.getByTestId('message-input');
    await hasFocus(field);
    expect(await ana.page.getByTestId('message').count()).toBe(0);
    // Room for the next one.
    await say(ben.page, 'And another');
    await shown(message(ana.page, 'And another'));
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });
});

describe.each(PROTOCOLS)('%s: a room that ends', (protocol) => {
  test('counts down, and warns in its last five minutes', async () => {
    const { createRoom: create } = await library();
    const relay = `${demo.relay.url}/ws`;
    const room = await create({ relay, name: 'Node', protocol, expirySeconds: 303 });
    try {
      const ana = await demo.join('Ana', `${demo.relay.url}/#${room.code}`);
      await says(ana.page.getByTestId('countdown'), /Ends in [45]:\d\d/);
      await says(ana.page.getByTestId('ending-soon'), /This room ends in (5:00|4:5\d)\. Save/);
      await heard(ana.page, 'This room ends in 5 min');
      const first = await ana.page.getByTestId('countdown').textContent();
      await ana.page.waitForFunction(
        (before) => document.querySelector('[data-testid=countdown]')?.textContent !== before,
        first,
      );
      await screenshot(ana.page, `ending-soon-${protocol}`);
    } finally {
      await room.close();
    }
  });

  test('is over when its time is over', async () => {
    const { createRoom: create } = await library();
    const room = await create({ relay: `${demo.relay.url}/ws`, name: 'Node', protocol, expirySeconds: 5 });
    const ana = await demo.join('Ana', `${demo.relay.url}/#${room.code}`);
    await says(ana.page.getByTestId('banner'), 'The room’s time is over');
    await gone(ana.page.getByTestId('countdown'));
    await room.close();
  });
});
