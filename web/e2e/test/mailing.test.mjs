/** Missed messages by e-mail: from the dialog over the link in the mail to the mail about a message, and its end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf } from '../support/browser.mjs';
import { MailServer } from '../support/mail-server.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('a person gives an address, confirms it, gets a mail, and ends the mails', async (t) => {
  const mail = await MailServer.start(t);
  const server = await Server.start(
    t,
    ...['--mail-host', '127.0.0.1', '--mail-port', String(mail.port), '--mail-tls', 'none'],
    ...['--mail-from', 'chat@mail.test', '--mail-soon-s', '1', '--public-url', 'http://chat.example'],
  );
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  const chat = await chatOf(t, mei);
  const { page } = chat;
  await openDialog(chat);
  const form = page.getByTestId('mails');
  await form.getByRole('textbox', { name: 'E-mail address' }).fill('mei@example.com');
  await form.getByRole('combobox', { name: 'Tell me' }).selectOption('soon');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('A link was sent to mei@example.com').waitFor();
  await clean(page, 'the mails');

  const links = async () => (await mail.mails()).map((text) => linkIn(text));
  await becomes('one mail', async () => (await links()).length, 1);
  const [link = ''] = await links();
  await page.goto(`${server.url}${link}`);
  await clean(page, 'the page of a link');
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.getByText('The address is confirmed.').waitFor();

  await anna.say(conversation, 'Are you there?');
  await eventually('the mail', async () => (await mail.mails()).length === 2);
  const [, second = ''] = await mail.mails();
  assert.match(second, /Are you there\?/);
  await page.goto(`${server.url}${linkIn(second)}`);
  await page.getByRole('button', { name: 'Send no more mails' }).click();
  await page.getByText('No more mails will come.').waitFor();
  await page.goto(server.url);
  await openDialog(chat);
  await becomes('the choice', () => form.getByRole('combobox', { name: 'Tell me' }).inputValue(), 'never');
  await form.getByText('This address is confirmed.').waitFor();
});

/** The path of the link in a mail that confirms, or ends. @param {string} text */
function linkIn(text) {
  const plain = text.replace(/=\r?\n/g, '').replace(/=3D/g, '=');
  return /http:\/\/chat\.example(\/v1\/digest\/\S+)/.exec(plain)?.[1]?.replace(/[>"].*$/, '') ?? '';
}

/** @param {import('../support/chat.mjs').Chat} chat */
async function openDialog(chat) {
  await chat.account.click();
  await chat.page.getByRole('menuitem', { name: 'Notifications' }).click();
}
