import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { seriousProblems } from './axe.js';
import { choose, codeOf, LOOKS, MICROPHONE, picture, sendFiles, useDemo } from './demo.js';
import { enterAsStranger } from './demo-stranger.js';
import { createRoom, fileCard, message, say, says, screenshot, shown } from './helpers.js';

const demo = useDemo(MICROPHONE);

describe.each(LOOKS)('%s: no serious accessibility problem', (look, options) => {
  const check = async (page: Page, screen: string) => {
    await screenshot(page, `${screen}-${look}`);
    expect(await seriousProblems(page), screen).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${screen} overflows`).toBe(0);
  };

  test('with all options', async () => {
    const ana = await demo.open(options);
    await choose(ana.page, { protocol: 'arthas', vanish: 'after 5 minutes', password: 'secret' });
    await ana.page.getByTestId('password').scrollIntoViewIfNeeded();
    await check(ana.page, 'options');
    await ana.page.getByRole('radio', { name: 'Native' }).check();
    await ana.page.getByLabel('The room ends').selectOption('in an hour');
    await createRoom(ana, 'Ana');
    await ana.page.getByTestId('about').click();
    await check(ana.page, 'about-native');
    expect(ana.problems).toEqual([]);
  });

  test('where voices are recorded and played', async () => {
    const { ana, ben } = await demo.pair(options, { vanish: 'after 5 minutes' });
    await say(ben.page, 'This room forgets. Say it aloud, I am on my bicycle.');
    await shown(message(ana.page, 'This room forgets'));
    await ana.page.getByTestId('record').click();
    await says(ana.page.getByTestId('voice-time'), '0:02');
    await check(ana.page, 'recording');
    await ana.page.getByTestId('voice-send').click();
    await shown(ben.page.getByTestId('player'));
    await say(ben.page, 'Heard');
    await says(ana.page.getByTestId('voice-card'), 'Delivered');
    await shown(message(ana.page, 'Heard'));
    await check(ana.page, 'voice');
    await check(ben.page, 'voice-received');
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('in an Arthas room, with every mark there is', async () => {
    const { ana, ben, link } = await demo.pair(options, { protocol: 'arthas', vanish: 'after 5 minutes' });
    const cleo = await enterAsStranger(demo.relay, codeOf(link), 'Cleo');
    await says(ana.page.getByTestId('note'), 'Cleo is here');
    const dora = await enterAsStranger(demo.relay, codeOf(link), 'Dora');
    await says(ana.page.getByTestId('note'), 'Dora is here');
    await say(ben.page, 'Hello, this is signed');
    await says(message(ana.page, 'Hello, this is signed').getByTestId('verification'), 'Signed');
    cleo.say('My client signs nothing', 'none');
    await shown(message(ana.page, 'My client signs nothing'));
    dora.say('Mine does, but you do not know its key');
    await shown(message(ana.page, 'Mine does'));
    cleo.announceKey();
    cleo.say('And somebody changed this on the way', 'wrong', {
      ...{ stableId: 'deadbeef:1', senderName: 'Ben', preview: 'Said before you came in' },
    });
    await says(message(ana.page, 'And somebody').getByTestId('verification'), 'Wrong signature');
    await check(ana.page, 'marks');
    cleo.beginFile({
      ...{ fileName: 'film.webm', mimeType: 'video/webm', bytes: Buffer.alloc(100_000), thumbnail: picture(90, 60) },
    });
    await shown(ana.page.getByTestId('thumbnail'));
    await sendFiles(ana.page, { name: 'plan.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(40_000, 1) });
    await shown(fileCard(ben.page, 'plan.pdf'));
    await ana.page.getByTestId('log').evaluate((log) => log.scrollTo(0, log.scrollHeight));
    await check(ana.page, 'arthas-room');
    await ana.page.getByTestId('about').click();
    await check(ana.page, 'about-arthas');
    await Promise.all([cleo.leave(), dora.leave()]);
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });
});
