/** What people show of themselves: pictures, statuses, and the card of a person. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf } from '../support/browser.mjs';
import { png } from '../support/files.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** @typedef {import('../support/chat.mjs').Chat} Chat */

test('a picture stands in place of the initials on every screen, and goes when it is removed', async (t) => {
  const { anna, mei } = await three(t);
  const chat = await chatOf(t, anna);
  const theirs = await chatOf(t, mei);
  await theirs.choose('Kitchen');
  const author = theirs.page.getByTestId('message').filter({ hasText: 'Hello' });
  assert.equal(await pictures(theirs.entry('Anna')), 0);

  await chat.fromAccountMenu('Edit profile');
  const dialog = chat.page.getByRole('dialog', { name: 'Edit profile' });
  await clean(chat.page, 'the dialog of the profile');
  await put(chat, 'script.png', Buffer.from('<svg onload="alert(1)"/>'));
  await dialog.getByText('This file is no picture that can be shown').waitFor();
  await put(chat, 'me.png', Buffer.from(png(900, 600)));
  for (const place of [dialog, chat.account, theirs.entry('Anna'), author])
    await becomes('the picture', () => pictures(place), 1);
  const sides = await author
    .locator('.avatar img')
    .evaluate((image) => [
      /** @type {HTMLImageElement} */ (image).naturalWidth,
      /** @type {HTMLImageElement} */ (image).naturalHeight,
    ]);
  assert.deepEqual(sides, [320, 320], 'it is cut to a square before it is sent');

  await dialog.getByRole('button', { name: 'Remove the picture' }).click();
  for (const place of [dialog, chat.account, theirs.entry('Anna'), author])
    await becomes('no picture', () => pictures(place), 0);
});

test('a room’s picture stands in the list, above the thread and in its details, for all its members', async (t) => {
  const { anna, mei } = await three(t);
  const chat = await chatOf(t, anna);
  const theirs = await chatOf(t, mei);
  await chat.choose('Kitchen');
  const details = await chat.openDetails();
  await details.getByRole('button', { name: 'Edit title, topic and picture' }).click();
  const field = details.locator('input[type=file]');
  const file = (/** @type {Buffer} */ buffer) => ({ name: 'a.png', mimeType: 'image/png', buffer });
  await field.setInputFiles(file(Buffer.from('<svg onload="alert(1)"/>')));
  await details.getByText('This file is no picture that can be shown').waitFor();
  await field.setInputFiles(file(Buffer.from(png(900, 600))));
  const places = [details.locator('.top'), chat.page.locator('.thread-pane header'), theirs.entry('Kitchen')];
  for (const place of places) await becomes('the picture', () => pictures(place), 1);
  await clean(chat.page, 'the details of a room with a picture');
  await theirs.choose('Kitchen');
  await theirs.thread('Kitchen').getByText('Anna gave the room a picture').waitFor();
  await details.getByRole('button', { name: 'Remove the picture' }).click();
  for (const place of places) await becomes('no picture', () => pictures(place), 0);
});

test('a new name is shown at once to everybody who shows it, and one like another person’s is refused', async (t) => {
  const { anna, mei } = await three(t);
  const chat = await chatOf(t, anna);
  const theirs = await chatOf(t, mei);
  await theirs.choose('Anna');
  await chat.fromAccountMenu('Edit profile');
  const dialog = chat.page.getByRole('dialog', { name: 'Edit profile' });
  const name = dialog.getByRole('textbox', { name: 'Display name' });
  const save = dialog.getByRole('button', { name: 'Save' });
  await name.fill('MEI');
  await save.click();
  await chat.page.getByText('This name is taken, or looks like one that is.').waitFor();
  await name.fill('<i>Anna</i> 林美');
  await save.click();
  await dialog.waitFor({ state: 'detached' });
  await theirs.page.locator('.thread-pane header').getByText('<i>Anna</i> 林美').waitFor();
  await theirs.entry('<i>Anna</i> 林美').waitFor();
  await theirs.choose('Kitchen');
  await theirs.page
    .getByTestId('message')
    .filter({ hasText: 'Hello' })
    .getByText('<i>Anna</i> 林美')
    .waitFor();
  await chat.account.click();
  await chat.page.getByText('<i>Anna</i> 林美').first().waitFor();
});

test('a status with an end is seen by others, ends by itself, and is cleared', async (t) => {
  const { anna, mei } = await three(t);
  const chat = await chatOf(t, anna);
  const theirs = await chatOf(t, mei);
  await chat.fromAccountMenu('Edit profile');
  const dialog = chat.page.getByRole('dialog', { name: 'Edit profile' });
  await dialog.getByRole('button', { name: 'In a meeting' }).click();
  await dialog.getByRole('button', { name: 'Emoji of the status' }).click();
  await dialog.getByRole('searchbox', { name: 'Search emoji' }).fill('palm tree');
  await dialog.getByRole('button', { name: 'palm tree', exact: true }).waitFor();
  await chat.page.keyboard.press('Enter');
  await dialog.getByRole('textbox', { name: 'Status' }).fill('<b>In a meeting</b>');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });

  const sign = theirs.entry('Anna').getByRole('img', { name: '🌴 <b>In a meeting</b>' });
  await sign.waitFor();
  await theirs.choose('Anna');
  await theirs.page.locator('.thread-pane header').getByText('<b>In a meeting</b>').waitFor();
  const details = await theirs.openDetails();
  await details
    .getByTestId('status')
    // An hour before midnight the day stands before the time.
    .getByText(/^until (.+ )?\d\d:\d\d$/)
    .waitFor();
  const shown = await mei.call('GET', `/v1/people/${anna.id}`);
  const left = shown.status.until - Date.now();
  assert.ok(left > 59 * 60_000 && left <= 3_600_000, `${left} ms are left`);

  // A page that looks at it later has an hour more on its clock, and asks nobody.
  await theirs.page.clock.install({ time: Date.now() });
  await theirs.page.reload();
  await sign.waitFor();
  await theirs.page.clock.runFor(3_660_000);
  await sign.waitFor({ state: 'detached' });

  await chat.fromAccountMenu('Edit profile');
  await dialog.getByRole('button', { name: 'Clear status' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await mei.call('GET', `/v1/people/${anna.id}`)).status, undefined);
});

test('the card of an author or a member opens on a click, and writes to the person', async (t) => {
  const { anna, mei, bo } = await three(t);
  await bo.call('PUT', '/v1/profile/status', { emoji: '🏠', text: 'At home' });
  const theirs = await chatOf(t, mei);
  await theirs.choose('Kitchen');
  const message = theirs.page.getByTestId('message').filter({ hasText: 'Hello' });
  await message.locator('.face').click();
  const card = theirs.page.getByRole('dialog', { name: 'Profile' });
  await card.getByRole('heading', { name: 'Anna' }).waitFor();
  await clean(theirs.page, 'the card of a person');
  await card.getByRole('button', { name: 'Message' }).click();
  await theirs.thread('Anna').waitFor();

  await theirs.choose('Kitchen');
  const details = await theirs.openDetails();
  await details.getByTestId('member').getByRole('button', { name: /^Bo/ }).first().click();
  await card.getByTestId('status').getByText('🏠 At home').waitFor();
  await theirs.page.keyboard.press('Escape');
  await card.waitFor({ state: 'detached' });

  // One's own card leads to the dialog.
  await details.getByTestId('member').getByRole('button', { name: /^Mei/ }).first().click();
  await card.getByRole('button', { name: 'Edit profile' }).click();
  await theirs.page.getByRole('dialog', { name: 'Edit profile' }).waitFor();
  assert.ok(anna.id !== bo.id);
});

test('when somebody was last seen is shown, unless one of the two hides it', async (t) => {
  const { anna, mei } = await three(t);
  const chat = await chatOf(t, anna);
  const theirs = await chatOf(t, mei);
  await chat.choose('Mei');
  const head = chat.page.locator('.thread-pane header');
  await head.getByText('Online').waitFor();
  await theirs.page.close();
  await head.getByText(/^Last seen \d\d:\d\d$/).waitFor({ timeout: 20_000 });
  const details = await chat.openDetails();
  await details.getByText(/^Last seen \d\d:\d\d$/).waitFor();

  await chat.fromAccountMenu('Edit profile');
  const dialog = chat.page.getByRole('dialog', { name: 'Edit profile' });
  const hides = dialog.getByRole('switch', { name: 'Hide when I was last seen' });
  await hides.check();
  await head.getByText('Offline').waitFor();
  assert.equal((await mei.call('GET', `/v1/people/${anna.id}`)).last_seen, undefined);
  await hides.uncheck();
  await chat.page.keyboard.press('Escape');
  await head.getByText(/^Last seen/).waitFor();

  await mei.call('PUT', '/v1/profile/last-seen', { hidden: true });
  await head.getByText('Offline').waitFor();
});

/** @param {import('playwright-core').Locator} place */
function pictures(place) {
  return place.locator('.avatar img:visible').count();
}

/** Chooses a picture in the dialog. @param {Chat} chat @param {string} name @param {Buffer} buffer */
function put(chat, name, buffer) {
  return chat.page.locator('dialog input[type=file]').setInputFiles({ name, mimeType: 'image/png', buffer });
}

/** @param {import('node:test').TestContext} t */
async function three(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const bo = await anna.adds('bo', 'Bo');
  await anna.direct(mei);
  const room = await anna.room('Kitchen', [mei, bo]);
  await anna.say(room, 'Hello');
  return { server, anna, mei, bo };
}
