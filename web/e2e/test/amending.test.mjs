/** What becomes of a message after it was written: edits, reactions, pins; the same on every screen, also on one that was away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('arrow up takes the last message up again, and everybody sees the new text and that it was edited', async (t) => {
  const { anna, mei, chat, conversation } = await two(t);
  const other = await chatOf(t, mei);
  await other.choose('Anna');
  await chat.choose('Mei');
  await chat.say('**helo** Mei');
  await other.shows(['helo Mei']);

  await chat.composer.press('ArrowUp');
  await chat.page.getByText('Editing a message').waitFor();
  assert.equal(await chat.composer.inputValue(), '**helo** Mei');
  await chat.composer.press('Escape');
  await becomes('the field', () => chat.composer.inputValue(), '');
  await chat.composer.press('ArrowUp');
  await chat.composer.fill('**hello** Mei');
  await chat.composer.press('Enter');
  await other.shows(['hello Mei']);
  await chat.shows(['hello Mei']);
  await becomes('the field', () => chat.composer.inputValue(), '');
  await other.page.getByTestId('message').getByText('edited', { exact: true }).waitFor();
  await other.entry('Anna').getByText('hello Mei').waitFor();

  // The author sees the earlier texts; somebody else does not.
  assert.ok(await other.page.getByRole('button', { name: 'edited' }).isDisabled());
  await chat.page.getByRole('button', { name: 'edited' }).click();
  const history = chat.page.getByRole('dialog', { name: 'Earlier texts' });
  await becomes('the texts', () => history.locator('.rich').allInnerTexts(), ['hello Mei', 'helo Mei']);
  await chat.page.keyboard.press('Escape');
  await history.waitFor({ state: 'detached' });

  // A screen that comes later shows the same.
  await other.page.reload();
  await other.shows(['hello Mei']);
  await other.page.getByTestId('message').getByText('edited', { exact: true }).waitFor();
  assert.equal((await anna.call('GET', `/v1/conversations/${conversation}`)).conversation.unread, 0);
});

test('a draft waits while a message is edited', async (t) => {
  const { chat } = await two(t);
  await chat.choose('Mei');
  await chat.say('first');
  await chat.shows(['first']);
  await chat.composer.fill('a draft');
  const message = chat.page.getByTestId('message').first();
  await message.hover();
  await message.getByRole('button', { name: 'Actions for this message' }).click();
  await chat.page.getByRole('menuitem', { name: /^Edit/ }).click();
  await becomes('the field', () => chat.composer.inputValue(), 'first');
  await chat.composer.fill('second');
  await chat.composer.press('Enter');
  await chat.shows(['second']);
  await becomes('the field', () => chat.composer.inputValue(), 'a draft');
});

test('reactions are put and taken by mouse and by keys, and count for everybody', async (t) => {
  const { anna, mei, chat, conversation } = await two(t);
  await mei.say(conversation, 'Lunch?');
  const other = await chatOf(t, mei);
  await other.choose('Anna');
  await chat.choose('Mei');
  const message = chat.page.getByTestId('message').first();
  await message.hover();
  await message.getByRole('button', { name: 'Actions for this message' }).click();
  await chat.page.getByRole('menuitem', { name: 'React with 👍' }).click();
  const mine = chat.page.getByRole('button', { name: /^👍 1, You/ });
  await mine.waitFor();
  assert.equal(await mine.getAttribute('aria-pressed'), 'true');

  const theirs = other.page.getByRole('button', { name: /^👍 1, Anna/ });
  assert.equal(await theirs.getAttribute('aria-pressed'), 'false');
  await theirs.click();
  await chat.page.getByRole('button', { name: /^👍 2/ }).waitFor();

  // By keys, any emoji.
  await message.focus();
  await chat.page.keyboard.press('+');
  const picker = chat.page.getByRole('dialog', { name: 'Choose an emoji' });
  await picker.getByRole('searchbox').fill('pizza');
  await picker.getByRole('button', { name: 'pizza', exact: true }).waitFor();
  await chat.page.keyboard.press('Enter');
  await other.page.getByRole('button', { name: /^🍕 1, Anna/ }).waitFor();
  await chat.page.getByRole('button', { name: /^👍 2/ }).click();
  await other.page.getByRole('button', { name: /^👍 1, You/ }).waitFor();
  await other.page.reload();
  await other.page.getByRole('button', { name: /^👍 1, You/ }).waitFor();
  await other.page.getByRole('button', { name: /^🍕 1, Anna/ }).waitFor();
  assert.equal((await anna.call('GET', `/v1/conversations/${conversation}`)).conversation.unread, 0);
});

test('a pinned message stands in the details and leads to its place', async (t) => {
  const { mei, chat, conversation } = await two(t);
  for (let number = 1; number <= 120; number += 1) await mei.say(conversation, `line ${number}`);
  await chat.choose('Mei');
  const message = chat.page.getByTestId('message').last();
  await message.waitFor();
  await mei.call('PUT', `/v1/conversations/${conversation}/messages/6/pin`);
  const details = await chat.openDetails();
  const pins = details.getByRole('region', { name: 'Pinned messages' });
  await pins.getByText('line 5', { exact: true }).click();
  await chat.page.locator('[data-seq="6"].marked').waitFor();
  await chat.page.locator('[data-seq="6"]').getByText('Pinned').waitFor({ state: 'attached' });
  await chat.page.keyboard.press('p');
  await pins.waitFor({ state: 'detached' });
});

/**
 * Anna in a browser, Mei as a script, and their conversation.
 * @param {import('node:test').TestContext} t
 */
async function two(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  const chat = await chatOf(t, anna);
  return { server, anna, mei, conversation, chat };
}
