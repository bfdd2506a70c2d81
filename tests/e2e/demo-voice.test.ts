import { readFile } from 'node:fs/promises';

import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { browserName } from '../browsers/launch.mjs';
import { heard, MICROPHONE, PROTOCOLS, sendFiles, useDemo } from './demo.js';
import { createRoom, fileCard, gone, hasFocus, message, say, says, screenshot, shown } from './helpers.js';

const demo = useDemo(MICROPHONE);

const voiceCard = (page: Page): Locator => page.getByTestId('voice-card');
const timeIs = (page: Page, time: string): Promise<void> => says(page.getByTestId('voice-time'), time);

describe.each(PROTOCOLS)('%s: voice messages', (protocol) => {
  test('are recorded with a click, sent, and played where they stand', async () => {
    const { ana, ben } = await demo.pair({}, { protocol });
    await ana.page.getByTestId('message-input').fill('A draft that stays');
    await ana.page.getByTestId('record').click();
    await heard(ana.page, 'Recording');
    await timeIs(ana.page, '0:02');
    // The fake microphone beeps: some bars stand higher than others.
    const bars = await ana.page.getByTestId('voice-levels').evaluate((meter) =>
      [...meter.children].map((bar) => (bar as HTMLElement).offsetHeight),
    );
    expect(Math.max(...bars)).toBeGreaterThan(2 * Math.min(...bars));
    // Firefox's microphone begins late: what it gives is up to a second shorter than what was recorded.
    if (browserName() === 'firefox') await timeIs(ana.page, '0:03');
    await hasFocus(ana.page.getByTestId('voice-send'));
    await ana.page.keyboard.press('Enter');
    await gone(ana.page.getByTestId('voice-bar'));
    const field = ana.page.getByTestId('message-input');
    expect(await field.inputValue()).toBe('A draft that stays');
    await hasFocus(field);

    await heard(ben.page, /Ana sent a voice message, 0:0[2-5]/);
    const player = voiceCard(ben.page).getByTestId('player');
    await shown(player);
    await says(player.getByTestId('player-time'), /^0:0[2-5]$/);
    expect(await player.getAttribute('data-playing')).toBe('false');
    await screenshot(ben.page, `voice-received-${protocol}`);

    await player.getByRole('button', { name: 'Play the voice message of Ana' }).click();
    await shown(player.getByRole('button', { name: 'Pause' }));
    await says(player.getByTestId('player-time'), '0:01');
    // To the end, and back at the start.
    await shown(player.getByRole('button', { name: 'Play the voice message of Ana' }));
    expect(await player.getByRole('slider', { name: 'Position' }).inputValue()).toBe('0');

    // By keyboard: to the middle, which says so.
    const slider = player.getByRole('slider', { name: 'Position' });
    await slider.focus();
    for (let step = 0; step < 12; step++) await ben.page.keyboard.press('ArrowRight');
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/^0:01 of 0:0[2-5]$/);
    await hasFocus(slider);

    // Ours can be heard again, and says that it has arrived.
    await says(voiceCard(ana.page), 'Delivered');
    await shown(voiceCard(ana.page).getByTestId('player'));
    const [download] = await Promise.all([ben.page.waitForEvent('download'), ben.page.getByTestId('save').click()]);
    expect(download.suggestedFilename()).toMatch(/^voice_\d{8}_\d{6}\.webm$/);
    const bytes = await readFile(await download.path());
    expect(bytes.subarray(0, 4).toString('hex')).toBe('1a45dfa3');
    expect(bytes.includes('OpusHead')).toBe(true);
    expect(bytes.length).toBeLessThan(30_000);
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('are sent by letting go of a held button', async () => {
    const { ana, ben } = await demo.pair({}, { protocol });
    await ana.page.getByTestId('record').hover();
    await ana.page.mouse.down();
    // Long enough to be seen playing, where the microphone begins late.
    await timeIs(ana.page, browserName() === 'firefox' ? '0:03' : '0:01');
    await says(ana.page.getByTestId('voice-bar'), 'Let go to send');
    await ana.page.mouse.up();
    await gone(ana.page.getByTestId('voice-bar'));
    await shown(voiceCard(ben.page).getByTestId('player'));
    expect(await voiceCard(ben.page).count()).toBe(1);
    // One voice at a time.
    await ana.page.getByTestId('record').click();
    await timeIs(ana.page, '0:02');
    await ana.page.getByTestId('voice-send').click();
    await shown(voiceCard(ben.page).nth(1).getByTestId('player'));
    await voiceCard(ben.page).nth(1).getByTestId('play').click();
    await shown(voiceCard(ben.page).nth(1).getByRole('button', { name: 'Pause' }));
    await voiceCard(ben.page).nth(0).getByTestId('play').click();
    await shown(voiceCard(ben.page).nth(0).getByRole('button', { name: 'Pause' }));
    expect(await voiceCard(ben.page).nth(1).getByTestId('player').getAttribute('data-playing')).toBe('false');
  });
});

describe('a voice message in a room that forgets', () => {
  test('vanishes once it could have been heard', async () => {
    const { ana, ben } = await demo.pair({}, { vanish: 'after 10 seconds' });
    await ana.page.getByTestId('record').click();
    await timeIs(ana.page, '0:01');
    await ana.page.getByTestId('voice-send').click();
    for (const { page } of [ana, ben]) await says(page.getByTestId('file'), /Vanishes in (9|1\d) sec/);
    for (const { page } of [ana, ben]) await gone(page.getByTestId('file'));
    for (const { page } of [ana, ben]) await heard(page, 'A message has vanished');
    // Nor does anything that happens later bring it back.
    await say(ben.page, 'Where is it?');
    await shown(message(ana.page, 'Where is it?'));
    expect(await ana.page.getByTestId('file').count()).toBe(0);
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });
});

describe('recording', () => {
  test('is discarded by its button and by Escape, and what is too short is not sent', async () => {
    const { ana, ben } = await demo.pair();
    await ana.page.getByTestId('record').click();
    await timeIs(ana.page, '0:01');
    await ana.page.getByTestId('voice-discard').click();
    await gone(ana.page.getByTestId('voice-bar'));
    await heard(ana.page, 'Discarded');

    // With the keyboard alone.
    await ana.page.getByTestId('record').focus();
    await ana.page.keyboard.press('Space');
    await timeIs(ana.page, '0:01');
    await ana.page.keyboard.press('Escape');
    await gone(ana.page.getByTestId('voice-bar'));

    // As quick as one can be, however slow the machine.
    await ana.page.evaluate(() => {
      const watch = new MutationObserver(() => {
        const send = document.querySelector<HTMLElement>('[data-testid=voice-send]');
        if (send === null) return;
        watch.disconnect();
        send.click();
      });
      watch.observe(document.body, { childList: true, subtree: true });
    });
    await ana.page.getByTestId('record').click();
    await says(ana.page.getByTestId('composer-hint'), 'Too short');
    await say(ana.page, 'Nothing was sent');
    await gone(ana.page.getByTestId('composer-hint'));
    await shown(message(ben.page, 'Nothing was sent'));
    expect(await voiceCard(ben.page).count()).toBe(0);
  });

  test('ends by itself after a minute, and waits to be sent', async () => {
    const { ana, ben } = await demo.pair();
    await ana.page.clock.install();
    await ana.page.getByTestId('record').click();
    await timeIs(ana.page, '0:01');
    await ana.page.clock.fastForward(49_000);
    await heard(ana.page, '10 seconds left');
    await ana.page.clock.fastForward(10_000);
    await says(ana.page.getByTestId('voice-bar'), 'That is a minute');
    await timeIs(ana.page, '1:00');
    await heard(ana.page, 'That is a minute');
    await screenshot(ana.page, 'voice-full');
    expect(await voiceCard(ben.page).count()).toBe(0);
    await ana.page.getByTestId('voice-send').click();
    await heard(ben.page, 'Ana sent a voice message, 1:00');
  });

  test.each([
    ['NotAllowedError', 'not allowed for this page'],
    ['NotFoundError', 'There is no microphone'],
    ['NotReadableError', 'another program may be using it'],
  ])('says what to do about %s', async (name, sentence) => {
    const { ana } = await demo.pair();
    await ana.page.evaluate((error) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('refused', error));
    }, name);
    await ana.page.getByTestId('record').click();
    await says(ana.page.getByTestId('notice'), sentence);
    expect(await ana.page.getByTestId('notice').count()).toBe(1);
    await gone(ana.page.getByTestId('voice-bar'));
    await ana.page.getByTestId('record').click();
    expect(await ana.page.getByTestId('notice').count()).toBe(1);
  });

  test('where it cannot be done, or nobody would hear it, says so', async () => {
    const ana = await demo.open();
    await createRoom(ana, 'Ana');
    await ana.page.getByTestId('record').click();
    await says(ana.page.getByTestId('composer-hint'), 'Nobody else is here yet');
    await demo.join('Ben', ana.page.url());
    await says(ana.page.getByTestId('person'), 'Ben');
    await ana.page.evaluate(() => Reflect.deleteProperty(globalThis, 'MediaRecorder'));
    await ana.page.getByTestId('record').click();
    await says(ana.page.getByTestId('notice'), 'cannot record sound');
  });

  test('stops when the room is left', async () => {
    const { ana } = await demo.pair();
    await ana.page.evaluate(() => {
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await open(wanted);
        Object.assign(globalThis, { opened: stream });
        return stream;
      };
    });
    await ana.page.getByTestId('record').click();
    await timeIs(ana.page, '0:01');
    await ana.page.getByTestId('leave').click();
    await ana.page.getByTestId('confirm-leave').click();
    await shown(ana.page.getByTestId('create-form'));
    await ana.page.waitForFunction(() => {
      const { opened } = globalThis as unknown as { opened: MediaStream };
      return opened.getTracks().every(({ readyState }) => readyState === 'ended');
    });
  });

  test('a sound file that is no voice message stays a file', async () => {
    const { ana, ben } = await demo.pair();
    await sendFiles(ana.page, { name: 'song.webm', mimeType: 'audio/webm', buffer: Buffer.from('not a song') });
    await shown(fileCard(ben.page, 'song.webm').getByTestId('accept'));
    expect(await voiceCard(ben.page).count()).toBe(0);
  });
});
