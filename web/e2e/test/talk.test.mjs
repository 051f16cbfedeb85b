/** Two people talk; one goes away and returns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, freshBrowser, openChat } from '../support/browser.mjs';
import { Chat } from '../support/chat.mjs';
import { Member, password } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('from the first visit to two people talking', async (t) => {
  const server = await Server.start(t);
  // One click on the link that the server printed; the code does not stay in the address.
  const anna = await openChat(await freshBrowser(t), server.setupLink);
  await anna.page.getByRole('textbox', { name: 'Set-up code' }).waitFor();
  assert.equal(anna.page.url(), `${server.url}/`);
  const stranger = await openChat(await freshBrowser(t), server.url);
  await stranger.page.getByRole('textbox', { name: 'Set-up code' }).fill('7K3M-QX0V-7K3M-QX0V-7K3M');
  await stranger.page.getByRole('textbox', { name: 'Name', exact: true }).fill('eve');
  await stranger.page.getByLabel('Password').fill(password);
  await stranger.page.getByRole('button', { name: 'Create the owner' }).click();
  await stranger.page.getByRole('alert').getByText('This set-up code is not right.').waitFor();

  await anna.page.getByRole('textbox', { name: 'Name', exact: true }).fill('anna');
  await anna.page.getByRole('textbox', { name: 'Display name' }).fill('Anna');
  await anna.page.getByLabel('Password').fill(password);
  await anna.page.getByRole('button', { name: 'Create the owner' }).click();
  await anna.list.waitFor();

  await anna.fromAccountMenu('Site settings');
  await anna.page.getByRole('tab', { name: 'People' }).click();
  const form = anna.page.getByRole('form', { name: 'Add a person' });
  await form.getByLabel('Name', { exact: true }).fill('mei');
  await form.getByLabel('Display name').fill('美');
  await form.getByLabel('First password').fill(password);
  await form.getByRole('button', { name: 'Add person' }).click();
  await anna.page.getByText('美 can sign in now.').waitFor();
  await anna.page.keyboard.press('Escape');

  await anna.list.getByRole('button', { name: 'New conversation' }).first().click();
  await anna.page.getByRole('searchbox', { name: 'Find people' }).fill('me');
  await anna.page.getByRole('list', { name: 'People' }).getByRole('button', { name: '美' }).click();
  await anna.thread('美').waitFor();

  // Nobody is there to take it: stored, and no more.
  await anna.say('Hello 美!');
  await becomes('the ticks', () => anna.ticks(), ['stored']);

  // She signs in: it reaches her browser, but she has not looked.
  const mei = await openChat(await freshBrowser(t), server.url);
  await mei.signIn('mei', password);
  await becomes('the ticks', () => anna.ticks(), ['delivered']);
  await becomes('the unread count', () => mei.unread('Anna'), '1');
  await becomes('the title', () => mei.page.title(), '(1) Encke');

  await mei.choose('Anna');
  await mei.shows(['Hello 美!']);
  await becomes('the ticks', () => anna.ticks(), ['read']);
  await becomes('the unread count', () => mei.unread('Anna'), '');
  await becomes('the title', () => mei.page.title(), 'Encke');

  await mei.composer.pressSequentially('你');
  await anna.page.getByTestId('typing').getByText('美 is typing…').waitFor();
  await mei.say('你好 Anna 👋');
  await anna.shows(['Hello 美!', '你好 Anna 👋']);
  await becomes('the typing line', () => anna.page.getByTestId('typing').innerText(), '');
  await becomes('the ticks', () => mei.ticks(), ['read']);
  await anna.say('Line one\nline two');
  await mei.shows(['Hello 美!', '你好 Anna 👋', 'Line one\nline two']);
});

test('a person that was away gets everything in order, with the count and the line', async (t) => {
  const { anna, mei, chat, conversation } = await two(t);
  await mei.say(conversation, 'before');
  await chat.choose('Mei');
  await chat.shows(['before']);

  await chat.page.context().setOffline(true);
  await eventually('the page says that it is offline', () =>
    chat.page.getByText('What you write now is sent as soon as you are back.').isVisible(),
  );
  await chat.say('written offline');
  await becomes('the ticks', () => chat.ticks(), ['sending']);
  const missed = Array.from({ length: 30 }, (_, index) => `missed ${index + 1}`);
  for (const text of missed) await mei.say(conversation, text);
  await chat.page.context().setOffline(false);

  await chat.shows(['before', ...missed, 'written offline']);
  await becomes('what the server has', () => anna.said(conversation), [
    'before',
    ...missed,
    'written offline',
  ]);
});

test('a closed page opens at what is new, and a reload keeps everything', async (t) => {
  const { mei, chat: first, conversation, server, anna } = await two(t);
  const aside = await mei.room('Aside', [anna]);
  await mei.say(conversation, 'before');
  await first.choose('Mei');
  await first.shows(['before']);
  await becomes(
    'the read mark',
    async () => (await anna.call('GET', `/v1/conversations/${conversation}`)).conversation.unread,
    0,
  );
  const context = first.page.context();
  await first.page.close();

  const missed = Array.from({ length: 25 }, (_, index) => `missed ${index + 1}`);
  for (const text of missed) await mei.say(conversation, text);
  await mei.say(aside, 'elsewhere');

  const chat = await openChat(context, server.url);
  await becomes('the unread count', () => chat.unread('Mei'), '25');
  await becomes('the title', () => chat.page.title(), '(26) Encke');
  await chat.choose('Mei');
  await chat.shows(['before', ...missed]);
  assert.deepEqual(
    await chat.page
      .locator('[data-row]')
      .evaluateAll((all) =>
        all
          .slice(0, 5)
          .map((each) => each.querySelector('.rich')?.textContent ?? each.getAttribute('data-row')),
      ),
    ['day', 'system', 'before', 'new', 'missed 1'],
  );
  assert.ok(
    await chat.page.getByText('New messages', { exact: true }).isVisible(),
    'the thread opens at the line',
  );

  await chat.composer.fill('草稿: half a thought');
  await chat.page.reload();
  await chat.shows(['before', ...missed]);
  assert.equal(await chat.composer.inputValue(), '草稿: half a thought');
  await chat.choose('Aside');
  await chat.shows(['elsewhere']);
  await chat.entry('Mei').getByText('Draft:').waitFor();
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
  /** @type {Chat} */
  const chat = await chatOf(t, anna);
  return { server, anna, mei, conversation, chat };
}
