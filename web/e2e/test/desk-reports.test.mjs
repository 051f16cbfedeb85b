/** The reports of a desk: they equal what was done, lead to the tickets, and are for those who lead. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('a report equals what was done, leads to the tickets behind a number, and is a table for other programs', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const lin = await anna.adds('lin', 'Lin');
  const desk = await deskOf(anna, [lin]);
  const ingrid = await desk.visitor('Ingrid');
  const paid = await ingrid.asks('I paid twice.');
  await (await desk.visitor('Tom')).asks('Is anybody there?');
  await lin.say(paid, 'The second payment is on its way back.');
  const hostile = '=<b>x';
  await lin.call('PATCH', `/v1/tickets/${paid}`, { tags: [hostile], state: 'resolved' });
  await ingrid.call('PUT', `/v1/tickets/${paid}/rating`, { stars: 4 });

  const { page } = await DeskPage.open(t, anna);
  await page.getByRole('link', { name: 'Reports' }).click();
  const figure = (/** @type {string} */ name) =>
    page.getByTestId(`figure-${name}`).locator('strong').textContent();
  await becomes('the tickets asked', () => figure('asked'), '2');
  assert.deepEqual([await figure('answered'), await figure('stars')], ['50 %', '4 ★']);
  await page.getByTestId('now').getByText('1 open, 1 waiting').waitFor();
  await clean(page, 'the report');

  // Another time has other tickets, and this one had none before.
  await page.getByLabel('Time').selectOption({ label: 'Today' });
  await becomes('the tickets asked today', () => figure('asked'), '2');

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download as a table' }).click(),
  ]);
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  assert.equal(lines.length, 3);
  assert.match(lines.find((line) => line.startsWith(`${paid},`)) ?? '', /,resolved,Lin,,"'=<b>x",/);

  await page.getByRole('button', { name: hostile, exact: true }).click();
  await page.getByRole('heading', { name: `Tickets: ${hostile}` }).waitFor();
  await page.getByRole('link', { name: 'Ingrid' }).click();
  await page.getByRole('heading', { level: 1, name: 'Ingrid', exact: true }).waitFor();

  const lins = await DeskPage.open(t, lin, { locale: 'zh-CN' });
  await lins.page.getByRole('link', { name: '访客' }).waitFor();
  assert.equal(await lins.page.getByRole('link', { name: '报表' }).count(), 0, 'agents have no reports');
});
