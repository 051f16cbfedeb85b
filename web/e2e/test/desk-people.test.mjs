/** People and order at a desk: contacts, teams, many tickets at once, views, mentions, take-over, erasing. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { freshBrowser } from '../support/browser.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { shop } from '../support/shop.mjs';
import { becomes, eventually } from '../support/wait.mjs';
import { Widget } from '../support/widget.mjs';

/**
 * What the back end of a site signs.
 * @param {string} secret
 * @param {object} claims
 */
function signed(secret, claims) {
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iat: now, exp: now + 600, ...claims })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

test('those who lead know the people, put tickets in order and call colleagues', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const lin = await anna.adds('lin', 'Lin');
  const desk = await deskOf(anna, [lin]);
  const visitor = await desk.visitor('Ingrid <b>x');
  const ticket = await visitor.asks('My secret is lighthouse');
  await (await desk.visitor('Tom')).asks('The invoice is wrong.');
  const { page, ...annas } = await DeskPage.open(t, anna);
  const nav = page.getByRole('navigation', { name: 'Desk', exact: true });

  // A team, and a secret that is shown once.
  await nav.getByRole('link', { name: 'Settings' }).click();
  await page.getByLabel('Name of the team').fill('billing');
  await page.getByRole('button', { name: 'Add the team' }).click();
  const team = page.getByTestId('team');
  await team.getByText('Lin', { exact: true }).click();
  await team.getByText('1 member').waitFor();
  await page.getByRole('button', { name: 'Make a secret' }).click();
  assert.match((await page.getByTestId('secret').textContent()) ?? '', /^eks_/);
  await clean(page, 'the settings with a team and a secret');

  // Both tickets get a tag and the team at once; the choice is kept as a view.
  await nav.getByRole('link', { name: 'Find tickets' }).click();
  await becomes('what is found', () => page.getByTestId('found').count(), 2);
  await page.getByLabel('Choose all').check();
  await page.getByLabel('Assign to').selectOption('billing');
  await page.getByLabel('Add a tag').fill('vip');
  await page.getByRole('button', { name: 'Do it' }).click();
  await page.getByText('2 tickets are changed.').waitFor();
  await becomes('those with the tag', () => page.getByText('billing, vip').count(), 2);
  await page.getByTestId('choice').getByLabel('Name or form has').fill('ingrid');
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await becomes('what is found by name', () => page.getByTestId('found').count(), 1);
  await page.getByLabel('Name of the view').fill('Ingrids');
  await page.getByRole('button', { name: 'Save as a view' }).click();
  await page.getByRole('button', { name: 'Ingrids', exact: true }).waitFor();
  await clean(page, 'finding tickets');

  // A note calls a colleague, who sees it until it has looked.
  await page.getByTestId('found').getByRole('link').click();
  await page.getByTestId('message').first().waitFor();
  await page.keyboard.press('Alt+p');
  await page.getByText('Call a colleague').click();
  await page.getByLabel('Lin', { exact: true }).check();
  const note = page.getByRole('textbox', { name: 'Private note' });
  await note.fill('Do you know a lighthouse?');
  await note.press('Enter');
  await page.getByTestId('note').waitFor();
  await clean(page, 'a note that calls');
  const { page: lins } = await DeskPage.open(t, lin);
  await lins.getByRole('link', { name: 'Mentions, 1 unseen' }).click();
  await clean(lins, 'the mentions');
  await lins.getByTestId('mention').getByText('Do you know a lighthouse?').click();
  await lins.getByRole('link', { name: 'Mentions', exact: true }).waitFor();
  await lins.getByRole('button', { name: 'Take it' }).click();
  await lins.getByText('You answer', { exact: true }).waitFor();
  await page.getByText('Lin answers', { exact: true }).waitFor();
  await page.getByTestId('ticket-menu').click();
  await page.getByRole('menuitem', { name: 'Take over' }).click();
  await page.getByText('You answer', { exact: true }).waitFor();

  // The contact: noted, and erased for everybody.
  await page.getByRole('link', { name: 'Open the contact' }).click();
  await page.getByLabel('E-mail').fill('ingrid@example.com');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByLabel('New note').fill('Likes a lighthouse');
  await page.getByRole('button', { name: 'Add the note' }).click();
  await page.getByTestId('contact-note').waitFor();
  await clean(page, 'a contact');
  await page.getByRole('link', { name: 'All contacts' }).click();
  await page.getByLabel('Find by name, mail, phone or company').fill('INGRID@');
  await becomes('the contacts found', () => page.getByTestId('contact').count(), 1);
  await clean(page, 'the contacts');
  await page.getByTestId('contact').click();
  await page.getByRole('button', { name: 'Erase this person' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Erase this person' }).click();
  await page.getByText('The person is erased.').waitFor();
  const left = JSON.stringify([
    await anna.call('GET', `/v1/tickets/${ticket}`),
    await anna.call('GET', `/v1/conversations/${ticket}/events?limit=50`),
    await anna.call('GET', `/v1/tickets/${ticket}/notes`),
  ]);
  assert.ok(!/lighthouse|ingrid/i.test(left), left);
  await becomes('what the colleague still sees', () => lins.getByText('lighthouse').count(), 0);
  assert.ok(annas);
});

test('a visitor whom its site has signed has its questions on each device', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const desk = await deskOf(anna, []);
  const { secret } = await anna.call('POST', `/v1/desks/${desk.id}/secrets`, {});
  const identity = signed(secret, { sub: 'u1', aud: desk.key, name: 'Dora Doe' });
  const address = await shop(t, server.url, desk.key, { attributes: `data-identity="${identity}"` });
  const device = async () => {
    const page = await (await freshBrowser(t, { locale: 'en-US' })).newPage();
    await page.goto(address);
    const widget = new Widget(page);
    await widget.open();
    return widget;
  };
  const phone = await device();
  await phone.say('Where is my order?');
  await phone.shows(['Where is my order?']);
  const tickets = await eventually('the ticket', async () => {
    const { tickets: all } = await anna.call('GET', `/v1/desks/${desk.id}/tickets`);
    return all.length > 0 && all;
  });
  assert.equal(tickets[0].visitor.display_name, 'Dora Doe');
  assert.equal((await anna.call('GET', `/v1/tickets/${tickets[0].ticket.id}`)).visitor.verified, true);
  const work = await device();
  await work.shows(['Where is my order?']);
  await anna.say(tickets[0].ticket.id, 'On its way');
  for (const widget of [phone, work]) await widget.shows(['Where is my order?', 'On its way']);

  // Somebody else signs in at the same browser: what was asked before is not there.
  const other = signed(secret, { sub: 'u2', aud: desk.key, name: 'Rolf' });
  await work.page.evaluate((text) => {
    const api = /** @type {any} */ (window)['EnckeDesk'];
    api.identify({ identity: text });
  }, other);
  await becomes('what another one sees', () => work.texts(), []);
});
