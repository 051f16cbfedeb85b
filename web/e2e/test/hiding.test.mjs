/** A message that somebody deletes for itself alone: gone on its own screens, there on all others, and back again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';

test('a message deleted for oneself is gone on all own screens, stays for others, and comes back by undoing', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  for (const text of ['first', 'second', 'third']) await mei.say(conversation, text);
  const chat = await chatOf(t, anna);
  const other = await chatOf(t, anna);
  const theirs = await chatOf(t, mei);
  for (const [each, title] of /** @type {const} */ ([
    [chat, 'Mei'],
    [other, 'Mei'],
    [theirs, 'Anna'],
  ])) {
    await each.choose(title);
    await each.shows(['first', 'second', 'third']);
  }

  // By the menu.
  const second = chat.page.getByTestId('message').filter({ hasText: 'second' });
  await second.hover();
  await second.getByRole('button', { name: 'Actions for this message' }).click();
  await chat.page.getByRole('menuitem', { name: /^Delete for me/ }).click();
  await chat.shows(['first', 'third']);
  await other.shows(['first', 'third']);
  await chat.page.getByRole('button', { name: 'Undo' }).click();
  await chat.shows(['first', 'second', 'third']);
  await other.shows(['first', 'second', 'third']);

  // By the key, and back by the key.
  await chat.page.getByTestId('message').last().focus();
  await chat.page.keyboard.press('x');
  await chat.shows(['first', 'second']);
  await chat.entry('Mei').getByText('Deleted for you').waitFor();
  await chat.thread('Mei').focus();
  await chat.page.keyboard.press('ControlOrMeta+z');
  await chat.shows(['first', 'second', 'third']);
  await chat.entry('Mei').getByText('third').waitFor();

  // For good: also on a screen that comes later.
  await chat.page.getByTestId('message').last().focus();
  await chat.page.keyboard.press('x');
  await other.shows(['first', 'second']);
  await chat.page.reload();
  await chat.shows(['first', 'second']);
  await chat.entry('Mei').getByText('Deleted for you').waitFor();
  assert.deepEqual(await theirs.texts(), ['first', 'second', 'third']);
});
