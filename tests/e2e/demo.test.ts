import { expect, describe, test } from 'vitest';

import { browserName } from '../browsers/launch.mjs';
import { codeOf, useDemo } from './demo.js';
import { createRoom, enterRoom, gone, hasFocus, message, say, says, screenshot, shown } from './helpers.js';

const demo = useDemo();

describe('coming in', () => {
  test('a room is opened, and joined by its link, by a pasted link and by a pasted code', async () => {
    const { ana, link } = await demo.pair();
    const code = codeOf(link);
    expect(code).toMatch(/^hush1:/);
    expect(ana.page.url()).toBe(link);

    for (const [name, pasted] of [
      ['Cleo', link],
      ['Dora', code],
    ] as const) {
      const guest = await demo.open();
      await guest.page.getByTestId('code').fill(`  ${pasted}\n`);
      await guest.page.getByTestId('code').press('Enter');
      await enterRoom(guest, name);
      await says(ana.page.getByTestId('person'), name);
      await says(ana.page.getByTestId('note'), `${name} is here`);
    }
    expect(await ana.page.getByTestId('person').count()).toBe(4);
  });

  test('the link survives a reload, and the name is remembered', async () => {
    const { ana, ben } = await demo.pair();
    await ben.page.reload();
    if (browserName() === 'firefox') {
      // It closes a page's sockets before the page hears that it goes, so that no goodbye gets out: to the others it is
      // as if the page had crashed.
      await ana.page.getByTestId('person').filter({ hasText: /Ben.*away/ }).waitFor({ timeout: 60_000 });
    } else await says(ana.page.getByTestId('note'), 'Ben left');
    expect(await ben.page.getByTestId('name').inputValue()).toBe('Ben');
    await ben.page.getByTestId('enter').click();
    await shown(ben.page.getByTestId('room'));
    await says(ana.page.getByTestId('person'), 'Ben');

    // Alone, the room waits for a reload.
    const cleo = await demo.open();
    await createRoom(cleo, 'Cleo');
    await cleo.page.reload();
    await cleo.page.getByTestId('enter').click();
    await says(cleo.page.getByTestId('person'), 'Cleo');
    expect(await cleo.page.getByTestId('person').count()).toBe(1);
  });

  test('what cannot be joined says why and what to do', async () => {
    const lost = await demo.open();
    await lost.page.getByTestId('code').fill('hush1:too-short');
    await lost.page.getByTestId('code').press('Enter');
    await says(lost.page.getByRole('alert'), 'not a complete link');

    const nobody = `hush1:${'a'.repeat(21)}:${'A'.repeat(43)}`;
    const alone = await demo.open({}, `${demo.relay.url}/#${nobody}`);
    await alone.page.getByTestId('enter').click();
    await says(alone.page.getByTestId('problem'), 'Enter a name');
    await alone.page.getByTestId('name').fill('Eve');
    await alone.page.getByTestId('enter').click();
    await says(alone.page.getByTestId('problem'), 'This room is not open');

    const arthas = await demo.open({}, `${demo.relay.url}/#/join/${'a'.repeat(21)}:${'A'.repeat(43)}:30`);
    await says(arthas.page.getByTestId('terms'), /Arthas compatible room.*vanish 30 sec after/);
    await arthas.page.getByTestId('name').fill('Eve');
    await arthas.page.getByTestId('enter').click();
    await says(arthas.page.getByTestId('problem'), 'This room is not open');
  });

  test('a full room stays closed, and one with an end counts down', async () => {
    const ana = await demo.open();
    await ana.page.getByLabel('The room ends').selectOption('in an hour');
    await ana.page.getByLabel('Room for').selectOption('three people');
    const link = await createRoom(ana, 'Ana');
    await says(ana.page.getByTestId('countdown'), /Ends in (1 hr|59:\d\d)/);
    await demo.join('Ben', link);
    await demo.join('Cleo', link);

    const dora = await demo.open({}, link);
    await dora.page.getByTestId('name').fill('Dora');
    await dora.page.getByTestId('enter').click();
    await says(dora.page.getByTestId('problem'), 'The room is full');
  });

  test('the link can be copied and scanned', async () => {
    const ana = await demo.open({ permissions: ['clipboard-read', 'clipboard-write'] });
    const link = await createRoom(ana, 'Ana');
    await shown(ana.page.getByRole('img', { name: /QR code/ }));
    await ana.page.getByTestId('copy-link').click();
    await says(ana.page.getByTestId('copy-link'), 'Copied');
    await says(ana.page.getByTestId('announcer'), 'Copied');
    expect(await ana.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    await ana.page.getByTestId('copy-code').click();
    await says(ana.page.getByTestId('copy-code'), 'Copied');
    expect(link.endsWith(await ana.page.evaluate(() => navigator.clipboard.readText()))).toBe(true);
  });

  test('who leaves is gone, and the page forgets', async () => {
    const { ana, ben } = await demo.pair();
    await say(ben.page, 'Bye');
    await shown(message(ana.page, 'Bye'));
    await ben.page.getByTestId('leave').click();
    await ben.page.getByTestId('confirm-leave').click();
    await shown(ben.page.getByTestId('create-form'));
    expect(new URL(ben.page.url()).hash).toBe('');
    await says(ana.page.getByTestId('note'), 'Ben left');
    await gone(ana.page.getByTestId('person').filter({ hasText: 'Ben' }));
  });
});

describe('talking', () => {
  test('messages go both ways, with replies, reactions and typing', async () => {
    const { ana, ben } = await demo.pair();
    await say(ana.page, 'Do you have the photos?');
    await shown(message(ben.page, 'Do you have the photos?'));
    await ben.page.getByTestId('message-input').pressSequentially('Ye');
    await says(ana.page.getByTestId('typing'), 'Ben is typing');
    await say(ben.page, 'Yes, all of them');
    await shown(message(ana.page, 'Yes, all of them'));
    await gone(ana.page.getByTestId('typing').getByText('Ben is typing'));
    await gone(ben.page.getByText('Sending…'));

    await message(ana.page, 'Yes, all of them').hover();
    await message(ana.page, 'Yes, all of them').getByRole('button', { name: 'Reply' }).click();
    await says(ana.page.getByTestId('reply-bar'), 'Replying to Ben');
    await say(ana.page, 'Send me three');
    const reply = message(ben.page, 'Send me three');
    await says(reply.getByTestId('quote'), 'Yes, all of them');
    await reply.getByTestId('quote').click();
    const original = message(ben.page, 'Yes, all of them').filter({ hasNot: ben.page.getByTestId('quote') });
    await hasFocus(original);

    await reply.hover();
    await reply.getByRole('button', { name: 'React', exact: true }).click();
    await ben.page.getByRole('button', { name: 'React with 🎉' }).click();
    const reactions = message(ana.page, 'Send me three').getByTestId('reactions');
    await shown(reactions.getByRole('button', { name: '🎉 1, from Ben' }));
    await reactions.getByRole('button').click();
    await shown(reply.getByRole('button', { name: /🎉 2, from (Ana and You|You and Ana)/ }));
    await reply.getByRole('button', { name: /🎉 2/ }).click();
    await shown(reactions.getByRole('button', { name: '🎉 1, from You' }));
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('text stays text, and only web addresses become links', async () => {
    const { ana, ben } = await demo.pair();
    const text = '<img src=x onerror=alert(1)> see (https://example.org/a_(b)). Not javascript:alert(1)\nsecond line';
    await ana.page.getByTestId('message-input').fill(text);
    await ana.page.getByTestId('send').click();
    const row = message(ben.page, 'second line');
    expect(await row.locator('.text').textContent()).toBe(text);
    expect(await row.locator('img').count()).toBe(0);
    const links = row.getByRole('link');
    expect(await links.count()).toBe(1);
    expect(await links.getAttribute('href')).toBe('https://example.org/a_(b)');
    expect(await links.getAttribute('rel')).toBe('noreferrer noopener');
    expect(await links.getAttribute('target')).toBe('_blank');
  });

  test('a long text goes through whole, and one that is too long is not lost', async () => {
    const { ana, ben } = await demo.pair();
    const text = `Chapter one. ${'It was a dark and stormy night. '.repeat(5000)}The end.`;
    await say(ana.page, text);
    await shown(message(ben.page, 'The end.'));
    expect(await message(ben.page, 'The end.').locator('.text').textContent()).toBe(text);
    const field = ana.page.getByTestId('message-input');
    await field.fill('x'.repeat(1024 * 1024 + 1));
    await says(ana.page.getByTestId('composer'), 'Too long by 1 byte');
    expect(await ana.page.getByTestId('send').isDisabled()).toBe(true);
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('a long conversation scrolls, and the page around it stays where it is', async () => {
    // A row that is still moving hides what the page would be without.
    const { ana, ben } = await demo.pair({ reducedMotion: 'reduce' });
    for (const part of ['first', 'second', 'third']) {
      const text = [...Array.from({ length: 30 }, (_, line) => `line ${line}`), `end of the ${part} part`].join('\n');
      await say(ana.page, text);
      await shown(message(ben.page, `end of the ${part} part`));
    }
    for (const { page } of [ana, ben]) {
      const [log, whole] = await page.evaluate(() =>
        [document.querySelector('[data-testid=log]'), document.scrollingElement].map(
          (part) => (part?.scrollHeight ?? 0) - (part?.clientHeight ?? 0),
        ),
      );
      expect(log).toBeGreaterThan(1000);
      expect(whole).toBe(0);
    }
  });

  test('the conversation survives a restart of the relay', async () => {
    const own = await demo.startRelay();
    const ana = await demo.open({}, own.url);
    const link = await createRoom(ana, 'Ana');
    const ben = await demo.join('Ben', link);
    await say(ana.page, 'Before');
    await shown(message(ben.page, 'Before'));

    await own.kill();
    await says(ana.page.getByTestId('status'), 'Reconnecting');
    await says(ben.page.getByTestId('status'), 'Reconnecting');
    await shown(ben.page.getByTestId('banner'));
    await say(ben.page, 'Written while away');
    await says(message(ben.page, 'Written while away'), 'Sending…');
    await screenshot(ben.page, 'reconnecting');

    await demo.startRelay(own.port);
    await says(ana.page.getByTestId('status'), 'Connected');
    await says(ben.page.getByTestId('status'), 'Connected');
    await shown(message(ana.page, 'Written while away'));
    await say(ana.page, 'After');
    await shown(message(ben.page, 'After'));
    expect(await message(ana.page, 'Written while away').count()).toBe(1);
    expect(await ana.page.getByTestId('message').count()).toBe(3);
  });
});
