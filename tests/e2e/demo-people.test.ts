import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { heard, useDemo } from './demo.js';
import { closeSheets, digitsIn, openSheet } from './demo-sheets.js';
import { gone, hasFocus, message, openPage, say, says, shown, startRelay } from './helpers.js';
import type { DemoPage, Relay } from './helpers.js';

const demo = useDemo();

/** The package as Node loads it. */
async function library(): Promise<typeof import('../../js/people/index.js')> {
  return (await import(new URL('../../dist/people.node.js', import.meta.url).href)) as never;
}

/** Registers on the start screen, under a name that others see. */
async function signUp({ page }: DemoPage, userId: string): Promise<void> {
  await page.getByTestId('user-id').fill(userId);
  await page.getByRole('button', { name: 'Take this name' }).click();
  await says(page.getByTestId('own-user-id'), `Others find you as ${userId}`);
}

async function lookUp(page: Page, userId: string): Promise<void> {
  await page.getByTestId('find-id').fill(userId);
  await page.getByRole('button', { name: 'Look up' }).click();
}

/** The page goes away and its browser stays: what it keeps is there when it comes back. */
async function away({ page }: DemoPage): Promise<void> {
  await page.goto('about:blank');
}

describe('people', () => {
  test('are invited while they are away, by their name and a number, and talk when they are back', async () => {
    const ada = await demo.open();
    await signUp(ada, 'ada');
    await away(ada);

    const grace = await demo.open();
    await signUp(grace, 'grace');
    await lookUp(grace.page, 'Ada ');
    const contact = grace.page.getByTestId('contact');
    await says(contact, 'First time');
    const number = await digitsIn(contact);
    await grace.page.getByTestId('invite-text').fill('About the engine');
    await grace.page.getByTestId('invite-person').click();
    await says(grace.page.getByTestId('welcome'), /ada is invited.*Keep this page open/);
    expect(await grace.page.getByTestId('room-link').count()).toBe(0);

    await ada.page.goto(demo.relay.url);
    const invitation = ada.page.getByTestId('invitation');
    await says(invitation, /grace.*Not confirmed.*About the engine/);
    await heard(ada.page, 'One invitation waits');
    await invitation.locator('summary').click();
    expect(await digitsIn(invitation)).toBe(number);
    await invitation.getByRole('button', { name: 'Open the invitation from grace' }).click();
    await shown(ada.page.getByTestId('room'));
    await says(grace.page.getByTestId('person'), 'ada');
    await say(grace.page, 'You came');
    await shown(message(ada.page, 'You came'));
    await say(ada.page, 'I did');
    await shown(message(grace.page, 'I did'));

    // The key that was looked up is the one that talks.
    await openSheet(grace.page, 'ada');
    const key = await grace.page.getByTestId('member-state').textContent();
    await closeSheets(grace.page);
    await ada.page.getByTestId('about').click();
    expect(key).toContain(await ada.page.getByTestId('own-key').textContent());
    await closeSheets(ada.page);

    // An invitation that was opened is gone for good.
    await ada.page.getByTestId('leave').click();
    await ada.page.getByTestId('confirm-leave').click();
    await says(ada.page.getByTestId('inbox'), 'None wait for you');
    await ada.page.reload();
    await says(ada.page.getByTestId('inbox'), 'None wait for you');
    await lookUp(ada.page, 'grace');
    await says(ada.page.getByTestId('contact'), 'First time');
    await lookUp(ada.page, 'grace');
    await says(ada.page.getByTestId('contact'), 'Same key');
    expect([...ada.problems, ...grace.problems]).toEqual([]);
  });

  test('dismiss what they do not want, and learn of it without a reload', async () => {
    const ada = await demo.open();
    await signUp(ada, 'ada-2');
    await says(ada.page.getByTestId('inbox'), 'None wait for you');
    const grace = await demo.open();
    await signUp(grace, 'grace-2');
    await lookUp(ada.page, 'grace-2');
    await says(ada.page.getByTestId('contact'), 'First time');
    await lookUp(grace.page, 'ada-2');
    await grace.page.getByTestId('invite-person').click();
    await says(grace.page.getByTestId('welcome'), 'ada-2 is invited');

    await ada.page.getByRole('button', { name: 'Look again' }).click();
    const invitation = ada.page.getByTestId('invitation');
    await says(invitation, 'Known');
    await invitation.getByRole('button', { name: 'Dismiss the invitation from grace-2' }).click();
    await gone(invitation);
    await hasFocus(ada.page.getByRole('heading', { name: 'Invitations' }));
    await ada.page.getByRole('button', { name: 'Look again' }).click();
    await says(ada.page.getByTestId('inbox'), 'None wait for you');
    expect([...ada.problems, ...grace.problems]).toEqual([]);
  });

  test('are told what is wrong with a name', async () => {
    const { page, problems } = await demo.open();
    await page.getByTestId('user-id').fill('Ada Lovelace');
    await page.getByRole('button', { name: 'Take this name' }).click();
    await says(page.getByTestId('people-problem'), 'Use 2 to 64 small letters');
    const other = await demo.open();
    await signUp(other, 'taken');
    await page.getByTestId('user-id').fill('taken');
    await page.getByRole('button', { name: 'Take this name' }).click();
    await says(page.getByTestId('people-problem'), 'This name belongs to somebody else');
    await lookUp(other.page, 'nobody-here');
    await says(other.page.getByTestId('find-problem'), 'Nobody is registered under this name');
    await lookUp(other.page, 'taken');
    await says(other.page.getByTestId('find-problem'), 'That is you');
    expect(problems).toEqual([]);
  });
});

describe('somebody with a new key', () => {
  test('is warned of, in the directory and in an invitation, until the key is accepted', async () => {
    const { register } = await library();
    const hopper = await register({ relay: demo.relay.url, userId: 'hopper', name: 'Hopper' });
    const ada = await demo.open();
    await signUp(ada, 'ada-3');
    await lookUp(ada.page, 'hopper');
    const contact = ada.page.getByTestId('contact');
    await says(contact, /First time.*Calls themselves Hopper/);
    const before = await digitsIn(contact);

    await hopper.replaceIdentity();
    const code = 'hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
    await hopper.invite('ada-3', code, { text: 'It is still me' });
    await ada.page.getByRole('button', { name: 'Look again' }).click();
    const invitation = ada.page.getByTestId('invitation');
    await says(invitation, /Other key.*Ask them before you open it/);
    await lookUp(ada.page, 'hopper');
    await says(contact, 'Key has changed');
    expect(await digitsIn(contact)).not.toBe(before);
    expect(await ada.page.getByTestId('invite-form').count()).toBe(0);
    await contact.getByRole('button', { name: 'Accept the new key' }).click();
    await says(contact, 'Same key');
    await ada.page.getByRole('button', { name: 'Look again' }).click();
    await says(invitation, 'Known');

    // The room is long gone: it says so, and the invitation stays until it is dismissed.
    await invitation.getByRole('button', { name: 'Open the invitation from hopper' }).click();
    await says(invitation, 'This room is not open');
    expect(ada.problems).toEqual([]);
  });
});

describe('a relay without a directory', () => {
  let bare: Relay;
  beforeAll(async () => void (bare = await startRelay()));
  afterAll(() => bare.kill());

  test('has no such section on its start screen', async () => {
    const { page, close } = await openPage(demo.browser, 'about:blank');
    const [answer] = await Promise.all([page.waitForResponse(/\/directory$/), page.goto(bare.url)]);
    expect(answer.status()).toBe(204);
    await shown(page.getByTestId('create-form'));
    expect(await page.getByTestId('people-card').count()).toBe(0);
    await close();
  });
});
