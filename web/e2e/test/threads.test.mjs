/** Threads: answers to one message beside the conversation, followed by who takes part. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('two people answer in a thread: beside the room, with its own unread count, on every device', async (t) => {
  const { anna, mei, tom, room } = await three(t);
  const chat = await chatOf(t, anna);
  const other = await chatOf(t, mei);
  for (const each of [chat, other]) await each.choose('Kitchen');
  await mei.say(room, 'Who cooks today?');
  const message = chat.page.getByTestId('message').filter({ hasText: 'Who cooks' });
  await message.hover();
  await message.getByRole('button', { name: 'Actions for this message' }).click();
  await chat.page.getByRole('menuitem', { name: /^Reply in thread/ }).click();
  const mine = paneOf(chat);
  await mine.pane.getByTestId('answered').getByText('Who cooks today?').waitFor();
  await mine.say('I do');
  await mine.shows(['I do']);
  await mine.say('There is **rice**');
  await mine.shows(['I do', 'There is rice']);

  // The room shows the line, and nothing of the answers; the author of the message has them unread.
  await chat.page.getByTestId('answers').getByText('2 replies').waitFor();
  assert.equal(await chat.unread('Kitchen'), '');
  const line = other.page.getByTestId('answers');
  await becomes('what is unread in the thread', () => line.getAttribute('data-unread'), '2');
  await becomes('the mark in the head', () => other.page.getByTestId('unread-threads').textContent(), '1');
  assert.equal(await other.unread('Kitchen'), '');

  // The list of threads leads there, and to look at it reads it, on another device, too.
  const tablet = await chatOf(t, mei);
  await becomes('the mark', () => tablet.page.getByTestId('unread-threads').textContent(), '1');
  await other.page.getByRole('button', { name: 'Threads, 1 unread' }).click();
  await other.page.getByTestId('listed-thread').click();
  const theirs = paneOf(other);
  await theirs.shows(['I do', 'There is rice']);
  for (const each of [other, tablet])
    await each.page.getByTestId('unread-threads').waitFor({ state: 'detached' });

  // Whoever looks on sees it, too, and follows only when it answers.
  const third = await chatOf(t, tom);
  await third.choose('Kitchen');
  await third.page.getByTestId('answers').click();
  const toms = paneOf(third);
  await toms.shows(['I do', 'There is rice']);
  await toms.pane.getByRole('button', { name: 'Follow this thread' }).waitFor();
  await theirs.say('Thank you');
  await toms.shows(['I do', 'There is rice', 'Thank you']);
  await toms.say('Me, too');
  await toms.pane.getByRole('button', { name: 'Stop following this thread' }).waitFor();
  for (const each of [mine, theirs]) await each.shows(['I do', 'There is rice', 'Thank you', 'Me, too']);
  await third.page.getByTestId('answers').getByText('4 replies').waitFor();

  // Who leaves the room is out of the thread at once.
  await anna.call('DELETE', `/v1/conversations/${room}/members/${tom.id}`);
  await toms.pane.waitFor({ state: 'detached' });
});

test('the first answer has a file and calls somebody; a date leads to a place in the thread', async (t) => {
  const { anna, mei, tom, room } = await three(t);
  await mei.say(room, 'Who cooks today?');
  const chat = await chatOf(t, anna);
  await chat.choose('Kitchen');
  const message = chat.page.getByTestId('message').filter({ hasText: 'Who cooks' });
  await message.focus();
  await chat.page.keyboard.press('t');
  const { pane } = paneOf(chat);
  const buffer = Buffer.from('a list');
  await pane.getByTestId('attach').setInputFiles({ name: 'list.txt', mimeType: 'text/plain', buffer });
  const field = pane.getByRole('textbox');
  await field.pressSequentially('for @To');
  await chat.page.keyboard.press('Enter');
  await chat.page.keyboard.press('Enter');
  const answer = pane.getByTestId('message').filter({ hasText: 'list.txt' });
  await answer.getByText('@Tom').waitFor();
  assert.equal(await pane.getByTestId('message').count(), 1);
  // Tom is called, so it follows the thread.
  const toms = await chatOf(t, tom);
  await toms.page.getByRole('button', { name: 'Threads, 1 unread' }).waitFor();

  await pane.getByTitle('Jump to a date').click();
  await chat.page.getByRole('dialog').getByRole('button', { name: 'Jump', exact: true }).click();
  await chat.page.getByRole('dialog').waitFor({ state: 'detached' });
  await answer.waitFor();
  await message.waitFor();
});

test('a thread by keys and by its address; its message may be recalled; on a phone it fills the screen', async (t) => {
  const { server, anna, mei, room } = await three(t);
  const chat = await chatOf(t, anna);
  await chat.choose('Kitchen');
  await chat.say('Salt?');
  await chat.shows(['Salt?']);
  const message = chat.page.getByTestId('message').first();
  await message.focus();
  await chat.page.keyboard.press('t');
  const mine = paneOf(chat);
  await mine.say('Pepper');
  await mine.shows(['Pepper']);
  await chat.page.keyboard.press('Escape');
  await mine.pane.waitFor({ state: 'detached' });

  const listed = await anna.call('GET', '/v1/threads');
  const thread = listed.threads[0].conversation.id;
  const phone = await chatOf(t, mei, {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
  });
  await phone.page.goto(`${server.url}/#/${thread}/2`);
  const theirs = paneOf(phone);
  await theirs.shows(['Pepper']);
  await theirs.pane.locator('[data-seq="2"].marked').waitFor();
  const box = await theirs.pane.boundingBox();
  assert.ok(box !== null && box.x === 0 && box.width === 390, 'it has the whole width');
  await theirs.pane.getByTestId('answered').getByText('Salt?').waitFor();

  const salt = listed.threads[0].conversation.parent.message;
  await anna.call('DELETE', `/v1/conversations/${room}/messages/${salt}`);
  await theirs.pane.getByTestId('answered').getByText('This message was recalled.').waitFor();
  await chat.page.getByTestId('answers').click();
  await mine.shows(['Pepper']);
  await theirs.pane.getByRole('button', { name: 'Close the thread' }).tap();
  await phone.thread('Kitchen').waitFor();
});

/** The thread beside a conversation. @param {import('../support/chat.mjs').Chat} chat */
function paneOf(chat) {
  const pane = chat.page.getByRole('region', { name: 'Thread', exact: true });
  const field = pane.getByRole('textbox');
  return {
    pane,
    /** @param {string} text */
    async say(text) {
      await field.fill(text);
      if (await chat.page.evaluate(() => matchMedia('(pointer: fine)').matches)) await field.press('Enter');
      else await pane.getByRole('button', { name: 'Send', exact: true }).tap();
    },
    /** @param {string[]} texts */
    async shows(texts) {
      const found = pane.getByTestId('message').locator('.rich');
      await becomes('the answers', () => found.allTextContents(), texts);
    },
  };
}

/** @param {import('node:test').TestContext} t */
async function three(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const [mei, tom] = [await anna.adds('mei', 'Mei'), await anna.adds('tom', 'Tom')];
  const room = await anna.room('Kitchen', [mei, tom]);
  return { server, anna, mei, tom, room };
}
