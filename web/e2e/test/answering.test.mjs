/** Answers that quote a message, and messages that are recalled: on every screen, by mouse and by keys. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('an answer quotes its message, and the quote leads there however far back it is', async (t) => {
  const { anna, mei, chat, conversation } = await two(t);
  const first = await mei.say(conversation, '**Where** do we meet?');
  for (let number = 1; number <= 130; number += 1) await mei.say(conversation, `line ${number}`);
  await chat.choose('Mei');
  await chat.page.getByTestId('message').last().waitFor();
  const other = await chatOf(t, mei);
  await other.choose('Anna');

  // By key: what is answered stands above the field, and Escape lets it go.
  const last = chat.page.getByTestId('message').last();
  await last.focus();
  await chat.page.keyboard.press('r');
  const answering = chat.page.getByTestId('answering');
  await answering.getByText('Reply to Mei').waitFor();
  await answering.getByText('line 130').waitFor();
  await eventually('the field has the focus', () =>
    chat.composer.evaluate((element) => element === document.activeElement),
  );
  await chat.page.keyboard.press('Escape');
  await answering.waitFor({ state: 'detached' });

  // By the menu; what is answered waits with the draft while another conversation is read, and over a reload.
  await last.hover();
  await last.getByRole('button', { name: 'Actions for this message' }).click();
  await chat.page.getByRole('menuitem', { name: /^Reply(?! in)/ }).click();
  await chat.composer.fill('an answer');
  await chat.page.reload();
  await answering.getByText('line 130').waitFor();
  await becomes('the draft', () => chat.composer.inputValue(), 'an answer');
  await chat.composer.press('Enter');
  await answering.waitFor({ state: 'detached' });
  await other.page.getByTestId('quote').getByText('line 130').waitFor();

  // One whose message is not loaded.
  await anna.call('POST', `/v1/conversations/${conversation}/messages`, {
    text: 'at the lake',
    reply_to: first.seq,
    key: 'lake',
  });
  const quote = chat.page.getByTestId('message').last().getByTestId('quote');
  await quote.getByText('Where do we meet?').waitFor();
  assert.match(await quote.innerText(), /^Mei/);
  assert.equal(await chat.page.locator(`[data-seq="${first.seq}"]`).count(), 0);
  await quote.click();
  await chat.page.locator(`[data-seq="${first.seq}"].marked`).waitFor();

  // It changes with its message, and goes with it.
  await mei.call('PATCH', `/v1/conversations/${conversation}/messages/${first.seq}`, { text: 'When?' });
  await chat.page.getByRole('button', { name: /^Jump to the latest/ }).click();
  const late = chat.page.getByTestId('message').filter({ hasText: 'at the lake' });
  await late.getByTestId('quote').getByText('When?').waitFor();
  await mei.call('DELETE', `/v1/conversations/${conversation}/messages/${first.seq}`);
  await late.getByTestId('quote').getByText('A message that was recalled').waitFor();
  await other.page.getByText('at the lake').last().waitFor();
  await other.page.reload();
  const theirs = other.page.getByTestId('message').filter({ hasText: 'at the lake' });
  await theirs.getByTestId('quote').getByText('A message that was recalled').waitFor();
  assert.ok(!(await other.page.content()).includes('When?'));
});

test('an answer that is written offline is sent as one, also after a reload', async (t) => {
  const { mei, chat, conversation, server } = await two(t);
  await mei.say(conversation, 'Tea?');
  await chat.choose('Mei');
  const message = chat.page.getByTestId('message').first();
  await message.waitFor();
  await message.focus();
  await server.end('SIGTERM');
  await chat.page.keyboard.press('r');
  await chat.say('Yes');
  await chat.page.locator('[data-tick=sending]').getByTestId('quote').getByText('Tea?').waitFor();
  await server.again();
  await chat.page.reload();
  await eventually('the answer', async () => {
    const page = await mei.call('GET', `/v1/conversations/${conversation}/events?after=0`);
    const answer = page.events.find((/** @type {any} */ event) => event.body.text === 'Yes');
    return answer?.body.reply_to === 2;
  });
  await chat.page.getByTestId('message').last().getByTestId('quote').getByText('Tea?').waitFor();
});

test('a recall can be undone for some seconds, and leaves a placeholder on every screen', async (t) => {
  const { mei, chat, conversation } = await two(t);
  const other = await chatOf(t, mei);
  await other.choose('Anna');
  await chat.choose('Mei');
  await chat.say('a slip');
  await chat.say('no slip');
  await other.shows(['a slip', 'no slip']);
  const slip = chat.page.getByTestId('message').filter({ hasText: 'a slip' });

  await slip.hover();
  await slip.getByRole('button', { name: 'Actions for this message' }).click();
  await chat.page.getByRole('menuitem', { name: /^Recall/ }).click();
  const notice = chat.page.getByText('The message is being recalled.');
  await chat.page.getByRole('button', { name: 'Undo', exact: true }).click();
  await notice.waitFor({ state: 'detached' });
  assert.deepEqual(await mei.said(conversation), ['a slip', 'no slip']);

  // By keys: Ctrl+Z, and the key of the recall once more.
  await slip.focus();
  await chat.page.keyboard.press('Delete');
  await notice.waitFor();
  await chat.page.keyboard.press('ControlOrMeta+z');
  await notice.waitFor({ state: 'detached' });
  await chat.page.keyboard.press('Delete');
  await notice.waitFor();
  await chat.page.keyboard.press('Delete');
  await notice.waitFor({ state: 'detached' });

  await chat.page.keyboard.press('Delete');
  await notice.waitFor();
  await other.shows(['no slip']);
  await chat.shows(['no slip']);
  await notice.waitFor({ state: 'detached' });
  await other.page.getByText('A message from Anna was recalled').waitFor();
  await chat.page.reload();
  await chat.shows(['no slip']);
  await chat.page.getByText('A message from you was recalled').waitFor();
  // Nobody may recall what another one wrote to him.
  await other.page.getByTestId('message').last().focus();
  await other.page.keyboard.press('Enter');
  await other.page.getByRole('menuitem', { name: /^Reply(?! in)/ }).waitFor();
  assert.equal(await other.page.getByRole('menuitem', { name: /^Recall/ }).count(), 0);
});

test('a recall is sent when the page is left, and at sign-out', async (t) => {
  const { mei, chat, conversation } = await two(t);
  await chat.choose('Mei');
  await chat.say('one');
  await chat.say('two');
  await becomes('what is there', () => mei.said(conversation), ['one', 'two']);
  await chat.page.getByTestId('message').first().focus();
  await chat.page.keyboard.press('Delete');
  await chat.page.getByText('The message is being recalled.').waitFor();
  await chat.page.goto('about:blank');
  await becomes('what is left', () => mei.said(conversation), ['two']);

  await chat.page.goBack();
  await chat.shows(['two']);
  await chat.page.getByTestId('message').first().focus();
  await chat.page.keyboard.press('Delete');
  await chat.page.getByText('The message is being recalled.').waitFor();
  await chat.fromAccountMenu('Sign out');
  await becomes('what is left', () => mei.said(conversation), []);
});

test('an owner recalls what somebody else wrote in a room', async (t) => {
  const { anna, mei, chat } = await two(t);
  const room = await anna.room('Orbit', [mei]);
  await mei.say(room, 'buy now');
  const other = await chatOf(t, mei);
  await other.choose('Orbit');
  await chat.choose('Orbit');
  await chat.page.getByTestId('message').first().focus();
  await chat.page.keyboard.press('Delete');
  const placeholder = (
    /** @type {import('../support/chat.mjs').Chat} */ screen,
    /** @type {string} */ text,
  ) => screen.thread('Orbit').getByText(text).waitFor();
  await placeholder(other, 'A message from you was recalled');
  await placeholder(chat, 'A message from Mei was recalled');
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
