/** A visitor asks while nobody is on duty: it leaves an address, confirms it, and gets the answer by mail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { freshBrowser } from '../support/browser.mjs';
import { MailServer } from '../support/mail-server.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('who asks a closed desk gets the answer by mail, and the staff sees that', async (t) => {
  const mail = await MailServer.start(t);
  const server = await Server.start(
    t,
    ...['--mail-host', '127.0.0.1', '--mail-port', String(mail.port), '--mail-tls', 'none'],
    ...['--mail-from', 'chat@mail.test', '--mail-soon-s', '1', '--public-url', 'http://chat.example'],
  );
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const desk = await anna.call('POST', '/v1/desks', { name: 'Harbour Bikes' });
  const context = await freshBrowser(t);
  const page = await context.newPage();
  await page.goto(`${server.url}/ask/${desk.key}`);
  await page.locator('.write textarea').fill('Do you repair gears?');
  await page.locator('.write textarea').press('Enter');
  const address = page.getByRole('textbox', { name: /Leave your e-mail address/ });
  await address.fill('not an address');
  await address.press('Enter');
  await page.getByRole('alert').getByText('Please enter an e-mail address.').waitFor();
  await address.fill('mei@example.com');
  await clean(page, 'the form for an address');
  await page.getByRole('button', { name: 'Send the answers there' }).click();
  await page.getByText('We have sent a link to mei@example.com.').waitFor();

  const request = await eventually('the request', async () => (await mail.mails())[0] ?? '');
  assert.doesNotMatch(request, /repair gears/);
  const confirming = await context.newPage();
  await confirming.goto(`${server.url}${linkIn(request, 'confirm')}`);
  await clean(confirming, 'the page of the link');
  await confirming.getByRole('button', { name: 'Confirm the address' }).click();
  await confirming.getByText('The address is confirmed').waitFor();
  await context.close();

  const { tickets } = await anna.call('GET', `/v1/desks/${desk.id}/tickets?view=unassigned&state=open`);
  const ticket = tickets[0].ticket.id;
  await anna.say(ticket, 'Yes, all of them');
  await becomes('two mails', async () => (await mail.mails()).length, 2, 90_000);
  const answer = (await mail.mails()).find((text) => /Yes, all of them/.test(text)) ?? '';
  assert.match(answer, /Subject: Your question to Harbour Bikes/);
  const told = await eventually('what the staff sees', async () => {
    const known = await anna.call('GET', `/v1/tickets/${ticket}/mail`);
    return known.waiting ? null : known;
  });
  assert.equal(told.address, 'mei@example.com');
});

/** The path of a link in a mail. @param {string} text @param {string} what */
function linkIn(text, what) {
  const plain = text.replace(/=\r?\n/g, '').replace(/=3D/g, '=');
  const found = new RegExp(`http://chat\\.example(/v1/desk-mail/${what}\\S+)`).exec(plain);
  return found?.[1]?.replace(/[>"].*$/, '') ?? '';
}
