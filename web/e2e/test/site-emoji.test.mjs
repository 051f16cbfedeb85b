/** The site's own emoji: an owner adds one, everybody writes it and reacts with it, and a removed one is its name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf } from '../support/browser.mjs';
import { png } from '../support/files.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

const pictures = process.env['PICTURES'];

test('an emoji of the site’s own is added, written, reacted with, and removed', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const room = await anna.room('Kitchen', [mei]);
  const [chat, meis] = [await chatOf(t, anna), await chatOf(t, mei)];
  for (const each of [chat, meis]) await each.choose('Kitchen');

  // A large picture is made small on the way.
  await chat.fromAccountMenu('Site settings');
  await chat.page.getByRole('tab', { name: 'Emoji' }).click();
  const settings = chat.page.getByRole('dialog', { name: 'Site settings' });
  await settings.getByText('There is none yet.').waitFor();
  const file = { name: 'Ship It.png', mimeType: 'image/png', buffer: Buffer.from(png(400, 400, 200)) };
  await settings.getByTestId('emoji-file').setInputFiles(file);
  assert.equal(await settings.getByRole('textbox', { name: 'Name' }).inputValue(), 'ship_it');
  await settings.getByRole('textbox', { name: 'Name' }).fill('shipit');
  await settings.getByRole('button', { name: 'Add emoji' }).click();
  await settings.getByTestId('site-emoji').getByText(':shipit:').waitFor();
  await clean(chat.page, 'emoji of the site');
  await shot(chat.page, 'site-emoji-settings');
  await chat.page.keyboard.press('Escape');

  // By what is typed after a colon, and by the picker.
  const shown = (/** @type {typeof chat} */ of) =>
    of.page
      .getByTestId('message')
      .locator('.rich img')
      .evaluateAll((all) => all.map((each) => /** @type {HTMLImageElement} */ (each).alt));
  await meis.composer.pressSequentially('Done :shipi');
  await meis.page.getByTestId('completion').getByText(':shipit:').waitFor();
  await meis.page.keyboard.press('Enter');
  await meis.page.keyboard.press('Enter');
  for (const each of [chat, meis]) await becomes('the picture', () => shown(each), [':shipit:']);
  await becomes(
    'its pixels',
    () =>
      chat.page
        .locator('.rich img')
        .first()
        .evaluate((each) => /** @type {HTMLImageElement} */ (each).naturalWidth),
    128,
  );
  await chat.page.getByTestId('message').last().hover();
  await chat.page.getByTestId('message').last().getByRole('button', { name: 'React' }).click();
  const picker = chat.page.getByRole('dialog', { name: 'Choose an emoji' });
  await picker.getByRole('button', { name: 'Of this site' }).click();
  await shot(chat.page, 'site-emoji-picker');
  await picker.getByRole('searchbox', { name: 'Search emoji' }).fill('shipit');
  await chat.page.keyboard.press('Enter');
  const reaction = (/** @type {typeof chat} */ of) => of.page.getByRole('button', { name: /^:shipit: 1/ });
  await reaction(meis).locator('img').waitFor();
  await clean(meis.page, 'a message with an emoji of the site');
  await meis.page.emulateMedia({ colorScheme: 'dark' });
  await meis.page.setViewportSize({ width: 390, height: 780 });
  await shot(meis.page, 'site-emoji-phone-dark');

  // A removed one is its name, for whoever comes now.
  await chat.fromAccountMenu('Site settings');
  await chat.page.getByRole('tab', { name: 'Emoji' }).click();
  await settings.getByRole('button', { name: 'Remove :shipit:' }).click();
  await settings.getByText('There is none yet.').waitFor();
  await chat.page.keyboard.press('Escape');
  await becomes('the name', () => shown(chat), []);
  await chat.shows(['Done :shipit:']);
  await meis.page.reload();
  await meis.shows(['Done :shipit:']);
  await reaction(meis).getByText(':shipit:').waitFor();
  const page = await mei.call('GET', `/v1/conversations/${room}/events`);
  assert.equal(page.events.at(-1).body.text, 'Done :shipit:');
});

/** @param {import('playwright-core').Page} page @param {string} name */
async function shot(page, name) {
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` });
}
