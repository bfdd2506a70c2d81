import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { Page } from 'playwright-core';
import { afterEach, describe, expect, test } from 'vitest';

import { choose, codeOf, heard, picture, sendFiles, useDemo } from './demo.js';
import { enterAsStranger } from './demo-stranger.js';
import type { PushedFile, Stranger } from './demo-stranger.js';
import { createRoom, fileCard, gone, message, say, says, shown } from './helpers.js';

const demo = useDemo();
let strangers: Stranger[] = [];

afterEach(async () => {
  const all = strangers;
  strangers = [];
  await Promise.all(all.map((stranger) => stranger.leave()));
});

const mark = (page: Page, text: string) => message(page, text).getByTestId('verification');

/** Ana has opened an Arthas room, and somebody with a client of their own is in it. */
async function withStranger(): Promise<{ page: Page; problems: readonly string[]; mallory: Stranger }> {
  const { ana, ben, link } = await demo.pair({}, { protocol: 'arthas' });
  await ben.close();
  await says(ana.page.getByTestId('note'), 'Ben left');
  const mallory = await enterAsStranger(demo.relay, codeOf(link), 'Mallory');
  strangers.push(mallory);
  await says(ana.page.getByTestId('person'), 'Mallory');
  return { page: ana.page, problems: ana.problems, mallory };
}

describe('talking in an Arthas room', () => {
  test('messages, replies, reactions and typing go both ways, and are signed', async () => {
    const { ana, ben, link } = await demo.pair({}, { protocol: 'arthas' });
    expect(ana.page.url()).toBe(link);
    expect(codeOf(link)).toMatch(/^[\w-]{21}:[\w-]{43}$/);
    await say(ana.page, 'Do you have the photos?');
    await shown(message(ben.page, 'Do you have the photos?'));
    await ben.page.getByTestId('message-input').pressSequentially('Ye');
    await says(ana.page.getByTestId('typing'), 'Ben is typing');
    await say(ben.page, 'Yes, all of them');
    await shown(message(ana.page, 'Yes, all of them'));
    await gone(ben.page.getByText('Sending…'));
    // Those who were there say their keys again for who comes later: until then a mark says so.
    await says(mark(ana.page, 'Yes, all of them'), 'Signed');
    await says(mark(ben.page, 'Do you have'), 'Signed');
    expect(await mark(ben.page, 'Yes, all of them').count()).toBe(0);

    await message(ana.page, 'Yes, all of them').hover();
    await message(ana.page, 'Yes, all of them').getByRole('button', { name: 'Reply' }).click();
    await say(ana.page, 'Send me three');
    const reply = message(ben.page, 'Send me three');
    await says(reply.getByTestId('quote'), 'Yes, all of them');
    await reply.hover();
    await reply.getByRole('button', { name: 'React', exact: true }).click();
    await ben.page.getByRole('button', { name: 'React with 🎉' }).click();
    await shown(message(ana.page, 'Send me three').getByRole('button', { name: '🎉 1, from Ben' }));

    // Who comes later has the same marks, and a reply to what they have not seen shows what was quoted.
    const cleo = await demo.join('Cleo', link);
    await says(cleo.page.getByTestId('person'), 'Ben');
    await message(ben.page, 'Send me three').hover();
    await message(ben.page, 'Send me three').getByRole('button', { name: 'Reply' }).click();
    await say(ben.page, 'Three it is');
    await says(message(cleo.page, 'Three it is').getByTestId('hearsay'), /Ana.*Send me three.*As Ben quotes it/);
    await cleo.page.waitForFunction(
      () => document.querySelector('[data-testid=verification]')?.getAttribute('data-state') === 'verified',
    );
    expect([...ana.problems, ...ben.problems, ...cleo.problems]).toEqual([]);
  });

  test('each message of another client says what its signature is worth', async () => {
    const { page, problems, mallory } = await withStranger();
    mallory.say('I sign nothing', 'none');
    await says(mark(page, 'I sign nothing'), 'Unsigned');
    mallory.say('I sign, trust me');
    await says(mark(page, 'I sign, trust me'), 'Not checked');
    expect(await page.getByTestId('notice').count()).toBe(0);
    mallory.announceKey();
    await page.waitForFunction(() => document.querySelectorAll('[data-state=verified]').length === 1);
    mallory.say('Not by me', 'wrong');
    await says(mark(page, 'Not by me'), 'Wrong signature');

    mallory.changeKey();
    mallory.announceKey();
    await says(page.getByTestId('key-changed'), 'The key of Mallory has changed');
    await says(page.getByTestId('note'), 'The key of Mallory has changed');
    expect(await page.getByTestId('note').filter({ hasText: 'has changed' }).count()).toBe(1);
    await page.getByTestId('key-changed').getByRole('button', { name: 'Accept the new key' }).click();
    await gone(page.getByTestId('key-changed'));
    expect(problems).toEqual([]);
  });

  test('what a quote says is shown as hearsay, and nothing in it is markup', async () => {
    const { page, mallory } = await withStranger();
    const preview = '<img src=x onerror=alert(1)>';
    mallory.say('Sure', 'none', { stableId: 'deadbeef:1', senderName: '<b>Ana</b>', preview });
    const hearsay = message(page, 'Sure').getByTestId('hearsay');
    await says(hearsay, /<b>Ana<\/b>.*<img src=x.*As Mallory quotes it\. The message itself is not here/);
    expect(await hearsay.locator('img, b').count()).toBe(0);
  });
});

describe('an Arthas room whose relay goes away', () => {
  test('ends, and says so: nobody but the relay could have kept it', async () => {
    const own = await demo.startRelay();
    const ana = await demo.open({}, own.url);
    await choose(ana.page, { protocol: 'arthas' });
    await createRoom(ana, 'Ana');
    await own.kill();
    await says(ana.page.getByTestId('status'), 'Reconnecting');
    await demo.startRelay(own.port);
    await says(ana.page.getByTestId('banner'), 'This room is not open');
    await ana.page.getByRole('button', { name: 'Back to the start' }).click();
    await shown(ana.page.getByTestId('create-form'));
  });
});

describe('files in an Arthas room', () => {
  test('what is too large or empty is refused before anything is sent', async () => {
    const { ana, ben } = await demo.pair({}, { protocol: 'arthas' });
    await ana.page.getByTestId('file-input').setInputFiles([
      { name: 'film.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(5 * 1024 * 1024 + 1) },
      { name: 'nothing.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
      { name: 'fits.bin', mimeType: 'application/octet-stream', buffer: randomBytes(5 * 1024 * 1024) },
    ]);
    await says(ana.page.getByTestId('notice'), /film\.mp4 was not attached: .* takes files of up to 5 MiB/);
    await says(ana.page.getByTestId('notice'), 'nothing.txt was not attached');
    expect(await ana.page.getByTestId('tray').getByRole('listitem').count()).toBe(1);
    await ana.page.getByTestId('send').click();
    await says(fileCard(ana.page, 'fits.bin'), 'Delivered');
    await shown(fileCard(ben.page, 'fits.bin'));
    expect(await ben.page.getByTestId('file').count()).toBe(1);
  });

  test('come by themselves, and wait to be saved or discarded; pictures are shown', async () => {
    const { ana, ben } = await demo.pair({}, { protocol: 'arthas' });
    const track = randomBytes(700_000);
    await sendFiles(ana.page, { name: 'track.gpx', mimeType: 'application/gpx+xml', buffer: track });
    const card = fileCard(ben.page, 'track.gpx');
    await says(card, 'Ana sent you this file. It is kept for you until you save it or leave.');
    await says(fileCard(ana.page, 'track.gpx'), 'Delivered');
    await card.getByRole('button', { name: 'Save track.gpx' }).click();
    await says(card, 'Received, checked and complete');
    const [download] = await Promise.all([ben.page.waitForEvent('download'), card.getByTestId('save').click()]);
    expect(await readFile(await download.path())).toEqual(track);

    // One goes after the other, by itself.
    await sendFiles(ana.page, [
      { name: 'other.bin', mimeType: 'application/octet-stream', buffer: randomBytes(1_000_000) },
      { name: 'lake.png', mimeType: 'image/png', buffer: picture(640, 400) },
    ]);
    await fileCard(ben.page, 'other.bin').getByRole('button', { name: 'Discard other.bin' }).click();
    await says(fileCard(ben.page, 'other.bin'), 'You discarded this file');

    await ben.page.waitForFunction(
      () => document.querySelector<HTMLImageElement>('[data-testid=picture]')?.naturalWidth === 640,
    );
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('of another client: its small picture, its voice, and an end in the middle', async () => {
    const { page, problems, mallory } = await withStranger();
    const film: PushedFile = { fileName: 'film.webm', mimeType: 'video/webm', bytes: randomBytes(200_000) };
    mallory.beginFile({ ...film, thumbnail: picture(60, 40) });
    await page.waitForFunction(
      () => document.querySelector<HTMLImageElement>('[data-testid=thumbnail]')?.naturalWidth === 60,
    );
    await mallory.leave();
    strangers = [];
    await says(fileCard(page, 'film.webm'), 'The sender took the offer back');
    expect(problems).toEqual([]);
  });

  test('what is marked as a voice and is none stays a file', async () => {
    const { page, mallory } = await withStranger();
    mallory.sendFile({ fileName: 'voice.webm', mimeType: 'audio/webm', bytes: randomBytes(5000), duration: 3 });
    await heard(page, 'Mallory sent a voice message, 0:03');
    await shown(fileCard(page, 'voice.webm'));
    expect(await page.getByTestId('voice-card').count()).toBe(0);
    // Nothing plays what a page could run, whatever it is said to be.
    const bytes = Buffer.from('<script>1</script>');
    mallory.sendFile({ fileName: 'page.html', mimeType: 'text/html', bytes, duration: 3 });
    await shown(fileCard(page, 'page.html'));
    expect(await page.getByTestId('voice-card').count()).toBe(0);
  });
});
