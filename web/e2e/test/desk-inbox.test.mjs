/** E-mail as an inbox: the mailbox of a desk is set up in its settings, and a mail stands in the console as a ticket. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('a mailbox is set up in the settings, and a mail stands in the queue with all that it brought', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const desk = await deskOf(anna, []);
  const { page } = await DeskPage.open(t, anna);
  await page
    .getByRole('navigation', { name: 'Desk', exact: true })
    .getByRole('link', { name: 'Settings' })
    .click();
  const section = page.getByRole('region', { name: 'E-mail' });
  await section.getByLabel('Address that people write to').fill('help@example.com');
  await section.getByRole('button', { name: 'Take mails' }).click();
  await page.getByText('The mailbox is saved.').waitFor();
  await section.getByRole('button', { name: 'Make a token' }).click();
  const token = (await section.getByTestId('mailbox-token').textContent()) ?? '';
  assert.match(token, /^emt_/);
  await section.getByText(`--desk ${desk.key} --token-file`).waitFor();
  await clean(page, 'the mailbox of a desk');

  const mail = [
    'From: =?gb18030?B?wdbDwA==?= <mei@example.com>',
    'Subject: My order',
    'Message-ID: <one@example.com>',
    'Content-Type: multipart/mixed; boundary=x',
    '',
    '--x\r\nContent-Type: text/plain; charset=utf-8',
    '',
    'Where is it?\r\n\r\nOn Monday 1, Anna <help@example.com> wrote:\r\n> Hello',
    '--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="list.txt"',
    '',
    'one, two',
    '--x--',
    '',
  ].join('\r\n');
  const handed = await fetch(`${server.url}/v1/desks/${desk.key}/mails`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'message/rfc822' },
    body: mail,
  });
  const { outcome, ticket } = await handed.json();
  assert.equal(outcome, 'ticket');
  await page.goto(`${server.url}/desk/#/${desk.id}/${ticket}`);
  const message = page.getByTestId('message').last();
  await message.getByText('Where is it?').waitFor();
  assert.equal(await message.getByText('wrote:').count(), 0, 'what it quotes is left out');
  await message.getByText('list.txt').waitFor();
  await message.getByText('mail.eml').waitFor();
  await becomes(
    'who asks',
    () =>
      page
        .getByText('林美')
        .count()
        .then((count) => count > 0),
    true,
  );
  await page.getByText('Asked by mail.').waitFor();
  await clean(page, 'a ticket by mail');
});
