/** Merging and splitting tickets in the console, the visitor's window that follows, and colleagues that look on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('two tickets become one, one becomes two, and who looks on sees it live', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const lin = await anna.adds('lin', 'Lin');
  const desk = await deskOf(anna, [lin]);
  const visitor = await desk.visitor('Ingrid');
  const first = await visitor.asks('Where is my bike?');
  const second = await visitor.asks('My bike has not come.');
  const annas = await DeskPage.open(t, anna);
  const { page } = annas;
  const at = (/** @type {string} */ ticket) => `${server.url}/desk/#/${desk.id}/${ticket}`;

  await page.goto(at(first));
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.getByText('You answer', { exact: true }).waitFor();
  await annas.fromTicketMenu('Merge…');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio').check();
  await clean(page, 'the dialog of a merge');
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click();
  await page.waitForURL(at(second));
  await page.getByText('Anna merged another ticket into this one.').waitFor();
  await page.getByText('You answer', { exact: true }).waitFor();
  await page.getByTestId('ticket-link').getByRole('link', { name: 'Open it' }).click();
  await page.getByTestId('goes-on').waitFor();
  await page.getByText('Where is my bike?').first().waitFor();
  await clean(page, 'a ticket that was merged');
  await page.getByTestId('goes-on').getByRole('link').click();

  // A colleague looks on: what the visitor writes comes at once, also what it sends to the ticket that has ended.
  const lins = await DeskPage.open(t, lin);
  await lins.page.goto(at(second));
  await lins.page.getByText('My bike has not come.').first().waitFor();
  await visitor.says(first, 'And my invoice is wrong');
  await becomes('what Lin sees', async () => (await lins.texts()).at(-1), 'And my invoice is wrong');
  await becomes('what Anna sees', async () => (await annas.texts()).at(-1), 'And my invoice is wrong');

  await annas.fromTicketMenu('Split…');
  await dialog.getByText('And my invoice is wrong').click();
  await dialog.getByLabel('Your first message in it').fill('About your invoice:');
  await clean(page, 'the dialog of a split');
  await dialog.getByRole('button', { name: 'Open the ticket' }).click();
  await page.getByText('Anna split this off another ticket.').waitFor();
  assert.deepEqual(await annas.texts(), ['About your invoice:']);
  await page.getByRole('link', { name: 'Show the message' }).click();
  await page.getByText('And my invoice is wrong').first().waitFor();
  await lins.page.getByText('Anna split off a ticket at a message.').waitFor();
});
