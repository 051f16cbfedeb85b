/** From anywhere to anywhere by the keyboard: the palette, the search, the help. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';

test('the palette finds conversations, people and commands, Chinese names by pinyin', async (t) => {
  const { chat } = await site(t);
  const { page } = chat;
  const palette = page.getByRole('dialog', { name: 'Go to' });
  const field = palette.getByRole('combobox', { name: 'Go to' });
  const open = async (/** @type {string} */ text) => {
    await page.keyboard.press('ControlOrMeta+k');
    await field.waitFor();
    await field.fill(text);
  };
  await chat.entry('Kitchen').waitFor();

  await open('duhui');
  await palette.getByRole('option', { name: '读书会' }).waitFor({ state: 'detached' });
  await field.fill('dushu');
  await palette.getByRole('option', { name: '读书会' }).waitFor();
  await field.press('Enter');
  await chat.thread('读书会').waitFor();
  assert.equal(await palette.count(), 0);

  // Somebody with whom there is no conversation yet.
  await open('xiao');
  await palette.getByRole('option', { name: /林晓雨/ }).click();
  await chat.thread('林晓雨').waitFor();
  await chat.composer.waitFor();

  await open('');
  await field.press('ArrowDown');
  assert.equal(
    await palette.getByRole('option', { selected: true }).getAttribute('id'),
    (await field.getAttribute('aria-activedescendant')) ?? '',
  );
  await field.fill('Theme: Dark');
  await field.press('Enter');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');

  // The browser tells that the palette is closed some time after it was. Who is quick has opened the next one by then.
  await open('Theme: Light');
  await field.evaluate(async (input) => {
    const press = (/** @type {EventTarget} */ to, /** @type {KeyboardEventInit} */ init) =>
      to.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }));
    press(input, { key: 'Enter' });
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    press(document.body, { key: 'k', code: 'KeyK', ctrlKey: true });
    await new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve)));
  });
  await field.waitFor();
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });

  await open('no such thing');
  await palette.getByText('Nothing found.').waitFor();
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
});

test('a question mark shows the keys, a slash goes to the search; in a text they are letters', async (t) => {
  const { chat } = await site(t);
  const { page } = chat;
  await chat.choose('Kitchen');
  await chat.composer.pressSequentially('/?');
  assert.equal(await chat.composer.inputValue(), '/?');
  await chat.composer.fill('');
  await chat.thread('Kitchen').focus();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard help' });
  await help.getByText('Go to a conversation, a person, a command').waitFor();
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
    'Search conversations',
  );
});

/** @param {import('node:test').TestContext} t */
async function site(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  await anna.adds('lin', '林晓雨');
  await anna.room('Kitchen', []);
  await anna.room('读书会', []);
  return { anna, chat: await chatOf(t, anna) };
}
