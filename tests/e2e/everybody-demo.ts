import type { Browser, Locator } from 'playwright-core';
import { expect } from 'vitest';

import { shareLink } from '../../js/room/index.js';
import type { Peer, Seen } from './everybody-peers.js';
import { fileCard, gone, joinByLink, say, says, sha256, shown } from './helpers.js';

/** A person with the demo in Chromium: everything is read off the page, and done with mouse and keyboard. */
export async function demoPeer(browser: Browser, relay: string, code: string): Promise<Peer> {
  const { page, problems, close } = await joinByLink(browser, shareLink(`${relay}/`, code), 'Demo');
  const received = new Map<string, Promise<string>>();

  /** The message with this text; not one that only quotes it. */
  const row = (text: string) => page.getByTestId('message').filter({ has: page.locator('.text', { hasText: text }) });

  async function post(text: string) {
    await say(page, text);
    await shown(row(text));
    await gone(row(text).getByText('Sending…'));
  }

  /** A button among the actions of a message. */
  async function act(text: string, action: string) {
    await row(text).hover();
    await row(text).getByRole('button', { name: action, exact: true }).click();
  }

  /** Accepts a file, or keeps one that came unasked, and saves it. */
  async function save(card: Locator): Promise<string> {
    await card.getByTestId('accept').click();
    await says(card, 'Received, checked and complete');
    const [download] = await Promise.all([page.waitForEvent('download'), card.getByTestId('save').click()]);
    return sha256(await download.path());
  }

  return {
    name: 'Demo',
    members: () => page.getByTestId('person').locator('.person-name').allTextContents(),
    say: post,
    async reply(to, text) {
      await act(to, 'Reply');
      await says(page.getByTestId('reply-bar'), to);
      await post(text);
    },
    async react(to, emoji) {
      await act(to, 'React');
      await page.getByRole('button', { name: `React with ${emoji}` }).click();
      await shown(row(to).getByRole('button', { name: new RegExp(`^${emoji} .*You`) }));
    },
    async sendFile(name, bytes) {
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.getByRole('button', { name: 'Attach files' }).click(),
      ]);
      await chooser.setFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
      await says(page.getByTestId('tray'), name);
      await page.getByTestId('send').click();
      await shown(fileCard(page, name).getByText('Delivered', { exact: true }));
    },
    async look(text) {
      // All of the page at one moment.
      const rows = await page.getByTestId('message').evaluateAll(readRows);
      return rows.find((it) => it.text === text);
    },
    async file(name) {
      const card = fileCard(page, name);
      if ((await card.count()) === 0) return undefined;
      const saving = received.get(name) ?? save(card);
      received.set(name, saving);
      return saving;
    },
    async leave() {
      await page.getByTestId('leave').click();
      await page.getByTestId('confirm-leave').click();
      await shown(page.getByTestId('create-form'));
      await close();
      expect(problems).toEqual([]);
    },
  };
}

/** Runs in the page: what it shows of each message. */
function readRows(rows: readonly Element[]): (Seen & { readonly text: string })[] {
  const textIn = (part: Element, selector: string) => part.querySelector(selector)?.textContent ?? '';
  return rows.map((row) => ({
    text: textIn(row, '.text'),
    // What is quoted, and not there itself, is no button.
    replyTo: row.querySelector('.quote') === null ? undefined : textIn(row, '[data-testid=quote] span'),
    reactions: [...row.querySelectorAll('.reaction')].map((button) => textIn(button, 'span')),
  }));
}
