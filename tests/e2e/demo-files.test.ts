import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { picture, sendFiles, useDemo } from './demo.js';
import { createRoom, fileCard, gone, message, outDir, say, says, screenshot, sha256, shown } from './helpers.js';

const demo = useDemo();
const filesDir = join(outDir, 'files');

afterAll(() => rm(filesDir, { recursive: true, force: true }));

describe('files', () => {
  test('a small picture is shown without asking, large on a click, and can be saved', async () => {
    const { ana, ben } = await demo.pair();
    const bytes = picture(640, 400);
    await sendFiles(ana.page, { name: 'lake.png', mimeType: 'image/png', buffer: bytes });
    const preview = ben.page.getByTestId('picture');
    await shown(preview);
    await shown(ana.page.getByTestId('picture'));
    await ben.page.waitForFunction(
      () => document.querySelector<HTMLImageElement>('[data-testid=picture]')?.naturalWidth === 640,
    );
    await says(fileCard(ben.page, 'lake.png'), 'Received');
    await says(fileCard(ana.page, 'lake.png'), 'Delivered');

    await ben.page.getByRole('button', { name: 'Show lake.png large' }).click();
    await shown(ben.page.getByRole('dialog', { name: 'lake.png' }));
    await ben.page.keyboard.press('Escape');
    await gone(ben.page.getByRole('dialog'));

    const [download] = await Promise.all([ben.page.waitForEvent('download'), ben.page.getByTestId('save').click()]);
    expect(download.suggestedFilename()).toBe('lake.png');
    expect(await readFile(await download.path())).toEqual(bytes);
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('8 MiB arrive bit by bit, with progress, and are saved', async () => {
    const { ana, ben } = await demo.pair();
    const bytes = randomBytes(8 * 1024 * 1024);
    await sendFiles(ana.page, { name: 'holiday.zip', mimeType: 'application/zip', buffer: bytes });
    await says(fileCard(ana.page, 'holiday.zip'), 'Waiting for Ben');
    const card = fileCard(ben.page, 'holiday.zip');
    await says(card, '8.4 MB');
    await ben.page.evaluate(watchProgress, 'holiday.zip');
    await card.getByTestId('accept').click();
    await says(card, 'Received, checked and complete');
    await says(fileCard(ana.page, 'holiday.zip'), 'Delivered');
    const seen = await ben.page.evaluate(() => (globalThis as { seen?: string[] }).seen ?? []);
    expect(seen.some((line) => /\d MB of 8\.4 MB/.test(line))).toBe(true);

    const [download] = await Promise.all([ben.page.waitForEvent('download'), card.getByTestId('save').click()]);
    expect(download.suggestedFilename()).toBe('holiday.zip');
    expect(await sha256(await download.path())).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('with a save picker the file goes straight to disk, and closing the picker leaves the offer', async () => {
    const { ana, ben } = await demo.pair();
    const bytes = randomBytes(1_000_000);
    await sendFiles(ana.page, { name: 'song.flac', mimeType: 'audio/flac', buffer: bytes });
    const card = fileCard(ben.page, 'song.flac');
    await shown(card.getByTestId('accept'));
    // The dialog is the system's: these stand in for a person who closes it, and for one who picks a file.
    await ben.page.evaluate(() => {
      Object.assign(globalThis, { showSaveFilePicker: () => Promise.reject(new DOMException('closed', 'AbortError')) });
    });
    await card.getByTestId('accept').click();
    await shown(card.getByTestId('accept'));
    await says(fileCard(ana.page, 'song.flac'), 'Waiting for Ben');
    expect(await ben.page.getByTestId('notice').count()).toBe(0);

    await ben.page.evaluate(() => {
      const showSaveFilePicker = async ({ suggestedName }: { suggestedName: string }) =>
        (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
      Object.assign(globalThis, { showSaveFilePicker });
    });
    await card.getByTestId('accept').click();
    await says(card, 'Saved to disk');
    expect(await card.getByTestId('save').count()).toBe(0);
    const digest = await ben.page.evaluate(async () => {
      const handle = await (await navigator.storage.getDirectory()).getFileHandle('song.flac');
      const hash = await crypto.subtle.digest('SHA-256', await (await handle.getFile()).arrayBuffer());
      return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    });
    expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('what claims to be a picture and is none stays a file', async () => {
    const { ana, ben } = await demo.pair();
    await sendFiles(ana.page, {
      name: 'trick.png',
      mimeType: 'image/png',
      buffer: Buffer.from('<script>alert(1)</script>'),
    });
    await says(fileCard(ben.page, 'trick.png'), 'Received');
    await gone(ben.page.getByTestId('picture'));
    await shown(fileCard(ben.page, 'trick.png').getByTestId('save'));
  });

  test('one file to two: each is shown, one takes it, one declines', async () => {
    const { ana, ben, link } = await demo.pair();
    const cleo = await demo.join('Cleo', link);
    await says(ana.page.getByTestId('person'), 'Cleo');
    await sendFiles(ana.page, { name: 'plan.pdf', mimeType: 'application/pdf', buffer: randomBytes(300_000) });
    await says(fileCard(ana.page, 'plan.pdf'), 'Waiting for Ben and Cleo');
    await fileCard(ben.page, 'plan.pdf').getByTestId('accept').click();
    await says(fileCard(ben.page, 'plan.pdf'), 'Received');
    await says(ana.page.getByTestId('receivers').getByRole('listitem').filter({ hasText: 'Ben' }), 'has it');
    await fileCard(cleo.page, 'plan.pdf').getByTestId('decline').click();
    await says(fileCard(cleo.page, 'plan.pdf'), 'You declined');
    await says(ana.page.getByTestId('receivers').getByRole('listitem').filter({ hasText: 'Cleo' }), 'declined');
    await says(fileCard(ana.page, 'plan.pdf'), 'Delivered to 1 of 2');
  });

  test('declined by the only receiver', async () => {
    const { ana, ben } = await demo.pair();
    await sendFiles(ana.page, { name: 'no.bin', mimeType: 'application/octet-stream', buffer: randomBytes(1000) });
    await fileCard(ben.page, 'no.bin').getByTestId('decline').click();
    await says(fileCard(ana.page, 'no.bin'), 'Declined');
    await gone(fileCard(ana.page, 'no.bin').getByTestId('cancel'));
  });

  test('an offer can be taken back, and either side can cancel on the way', async () => {
    const path = await sparseFile('huge.img', 2 * 1024 ** 3);
    const { ana, ben } = await demo.pair();
    await sendFiles(ana.page, { name: 'oops.txt', mimeType: 'text/plain', buffer: Buffer.from('not for you') });
    await shown(fileCard(ben.page, 'oops.txt').getByTestId('accept'));
    await fileCard(ana.page, 'oops.txt').getByTestId('cancel').click();
    await says(fileCard(ben.page, 'oops.txt'), 'took the offer back');
    await says(fileCard(ana.page, 'oops.txt'), 'Cancelled');

    await sendFiles(ana.page, path);
    await fileCard(ben.page, 'huge.img').getByTestId('accept').click();
    await says(fileCard(ben.page, 'huge.img'), /[1-9]\d* MB of 2\.1 GB · .*\/s · .* left/);
    await says(fileCard(ana.page, 'huge.img'), /MB of 2\.1 GB/);
    await screenshot(ben.page, 'receiving');
    await fileCard(ben.page, 'huge.img').getByTestId('cancel').click();
    await says(fileCard(ben.page, 'huge.img'), 'Cancelled');
    await says(fileCard(ana.page, 'huge.img'), 'Cancelled');

    // The conversation is none the worse for it.
    await say(ana.page, 'Never mind');
    await shown(message(ben.page, 'Never mind'));
    expect([...ana.problems, ...ben.problems]).toEqual([]);
  });

  test('a file pauses while the relay is away, and goes on by itself', async () => {
    const own = await demo.startRelay();
    const path = await sparseFile('long.img', 192 * 1024 ** 2);
    const ana = await demo.open({}, own.url);
    const ben = await demo.join('Ben', await createRoom(ana, 'Ana'));
    await says(ana.page.getByTestId('note'), 'Ben is here');
    await sendFiles(ana.page, path);
    await fileCard(ben.page, 'long.img').getByTestId('accept').click();
    await says(fileCard(ben.page, 'long.img'), /[1-9]\d* MB of 201 MB/);
    await own.kill();
    await says(fileCard(ben.page, 'long.img'), /\d%, continues when the connection is back/);
    await screenshot(ben.page, 'paused');
    await demo.startRelay(own.port);
    const whole = { timeout: 90_000 };
    await fileCard(ben.page, 'long.img').getByText('Received').waitFor(whole);
    await fileCard(ana.page, 'long.img').getByText('Delivered').waitFor(whole);
  });

  test('files can be dropped and pasted, and are kept while nobody is there', async () => {
    const ana = await demo.open();
    const link = await createRoom(ana, 'Ana');
    await ana.page.evaluate(() => {
      const dropped = new DataTransfer();
      dropped.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
      const target = document.querySelector('[data-testid=drop-target]');
      target?.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));
      const pasted = new DataTransfer();
      pasted.items.add(new File(['pasted'], 'pasted.txt', { type: 'text/plain' }));
      const field = document.querySelector('[data-testid=message-input]');
      const paste = new ClipboardEvent('paste', { bubbles: true, cancelable: true });
      // Firefox takes no files from whoever makes the event.
      Object.defineProperty(paste, 'clipboardData', { value: pasted });
      field?.dispatchEvent(paste);
    });
    await says(ana.page.getByTestId('tray'), 'dropped.txt');
    await says(ana.page.getByTestId('tray'), 'pasted.txt');
    await says(ana.page.getByTestId('composer'), 'Nobody else is here yet');
    expect(await ana.page.getByTestId('send').isDisabled()).toBe(true);
    await ana.page.getByRole('button', { name: 'Remove pasted.txt' }).click();

    const ben = await demo.join('Ben', link);
    await ana.page.getByTestId('send').click();
    await shown(fileCard(ben.page, 'dropped.txt').getByTestId('accept'));
    expect(await ben.page.getByTestId('file-card').count()).toBe(1);
  });

  test('closing the page is asked about while a file is under way, and only then', async () => {
    const { ana } = await demo.pair();
    const wouldAsk = () => ana.page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
    expect(await wouldAsk()).toBe(false);
    await sendFiles(ana.page, { name: 'a.bin', mimeType: 'application/octet-stream', buffer: randomBytes(10) });
    await says(fileCard(ana.page, 'a.bin'), 'Waiting');
    expect(await wouldAsk()).toBe(true);
    await fileCard(ana.page, 'a.bin').getByTestId('cancel').click();
    await says(fileCard(ana.page, 'a.bin'), 'Cancelled');
    expect(await wouldAsk()).toBe(false);
  });
});

/** A file full of zeros: it takes time to send, not space on disk. */
async function sparseFile(name: string, size: number): Promise<string> {
  await mkdir(filesDir, { recursive: true });
  const path = join(filesDir, name);
  const file = await open(path, 'w');
  await file.truncate(size);
  await file.close();
  return path;
}

/** Runs in the page: keeps every line that the card of a file shows about its progress. */
function watchProgress(name: string): void {
  const seen: string[] = [];
  (globalThis as { seen?: string[] }).seen = seen;
  const card = [...document.querySelectorAll('[data-testid=file-card]')].find((element) =>
    element.textContent?.includes(name),
  );
  if (card === undefined) throw new Error('there is no such card');
  const look = () => seen.push(card.querySelector('[data-testid=transfer-line]')?.textContent ?? '');
  new MutationObserver(look).observe(card, { childList: true, subtree: true, characterData: true });
}
