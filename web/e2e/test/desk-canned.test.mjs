/** Canned replies: kept by each agent and by the desk, found while one types, with names in the places of variables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('a slash finds a reply of the desk or of one’s own, which goes into the answer with both names', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const lin = await anna.adds('lin', 'Lin');
  const desk = await deskOf(anna, [lin]);
  const visitor = await desk.visitor('Ingrid <b>x');
  const ticket = await visitor.asks('Is anybody there?');

  const annas = await DeskPage.open(t, anna);
  await annas.page.getByRole('link', { name: 'Settings' }).click();
  await annas.page.getByLabel('Short name').fill('hello');
  await annas.page.getByLabel('Text', { exact: true }).fill('Hello {{visitor}}, this is {{agent}}.');
  await annas.page.getByText('For everybody at the desk').click();
  await annas.page.getByRole('button', { name: 'Add the reply' }).click();
  await annas.page.getByTestId('canned').getByText('of the desk').waitFor();
  await clean(annas.page, 'the settings with a canned reply');

  await lin.call('POST', `/v1/desks/${desk.id}/canned`, { shortcut: 'bye', text: 'Good bye!', own: true });
  const lins = await DeskPage.open(t, lin);
  await lins.see('Unassigned');
  await lins.choose(visitor.name);
  await lins.composer.press('/');
  const options = lins.page.getByRole('option');
  await becomes('the replies', () => options.locator('strong').allTextContents(), ['/hello', '/bye']);
  await clean(lins.page, 'the replies to choose from');
  await lins.page.getByRole('combobox', { name: 'Find a reply' }).fill('hel');
  await becomes('the replies found', () => options.locator('strong').allTextContents(), ['/hello']);
  await lins.page.keyboard.press('Enter');
  const answer = 'Hello Ingrid <b>x, this is Lin.';
  await becomes('the answer', () => lins.composer.inputValue(), answer);
  await lins.composer.press('Enter');
  await becomes(
    'what the visitor reads',
    async () =>
      (await visitor.read(ticket)).flatMap(({ kind, body }) => (kind === 'message' ? [body.text] : [])),
    ['Is anybody there?', answer],
  );

  // A slash within a text is a slash, and what others keep for themselves is not here.
  await lins.composer.fill('either');
  await lins.composer.press('End');
  await lins.composer.press('/');
  assert.equal(await lins.composer.inputValue(), 'either/');
  await annas.page.reload();
  await annas.page.getByTestId('canned').first().waitFor();
  assert.equal(await annas.page.getByTestId('canned').count(), 1);
});
