/** What a desk does by itself: a rule made in the editor, a macro by key, a promised time that turns red and a call for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** @param {import('../support/visitor.mjs').Visitor} visitor @param {string} ticket */
const said = async (visitor, ticket) =>
  (await visitor.read(ticket)).flatMap(({ kind, body }) => (kind === 'message' ? [body.text] : []));

test('a rule from the editor tags and answers; a macro does several acts by key; what is late calls', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const lin = await anna.adds('lin', 'Lin');
  const desk = await deskOf(anna, [lin]);
  const first = await desk.visitor('Tom');
  await first.asks('I want a refund');

  const annas = await DeskPage.open(t, anna);
  const { page } = annas;
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'New rule' }).click();
  const editor = page.getByTestId('rule-editor');
  await editor.getByLabel('Name', { exact: true }).fill('Refunds');
  await editor.getByRole('button', { name: 'Add a condition' }).click();
  await editor.getByLabel('What it is compared with').fill('refund');
  await editor.getByLabel('add the tag').fill('money');
  await editor.getByRole('button', { name: 'Add an act' }).click();
  await editor.getByLabel('What is done').last().selectOption({ label: 'answer' });
  await editor.getByLabel('Answer in English').fill('Hello {{visitor}}, we look.');
  await editor.getByRole('button', { name: 'Try it on the newest ticket' }).click();
  await editor.getByText('On this ticket it would do something.').waitFor();
  await clean(page, 'the editor of a rule');
  await editor.getByRole('button', { name: 'Save the rule' }).click();
  await page.getByTestId('rule').getByText('When a visitor asks').waitFor();

  await page.getByRole('button', { name: 'Begin with' }).click();
  await page.getByRole('menuitem', { name: 'A promised time is missed' }).click();
  await editor.getByRole('button', { name: 'Save the rule' }).click();
  await becomes('the rules', () => page.getByTestId('rule').count(), 2);

  await page.getByRole('button', { name: 'New macro' }).click();
  const macro = page.getByTestId('macro-editor');
  await macro.getByLabel('Name', { exact: true }).fill('Refunded');
  await macro.getByLabel('add the tag').fill('done');
  await macro.getByRole('button', { name: 'Add an act' }).click();
  await macro.getByLabel('What is done').last().selectOption({ label: 'answer' });
  await macro.getByLabel('Answer in English').fill('It is on its way. {{agent}}');
  await macro.getByText('For everybody at the desk').click();
  await macro.getByRole('button', { name: 'Save the macro' }).click();
  await page.getByTestId('macro').getByText('of the desk').waitFor();
  await clean(page, 'the settings with rules and macros');

  const visitor = await desk.visitor('Ingrid');
  const ticket = await visitor.asks('My REFUND, please');
  await becomes('the answer', () => said(visitor, ticket), ['My REFUND, please', 'Hello Ingrid, we look.']);
  const lins = await DeskPage.open(t, lin);
  await lins.see('Unassigned');
  const row = lins.page.locator(`[data-ticket="${ticket}"]`);
  await row.getByText('money').waitFor();
  await lins.choose('Ingrid');
  await lins.page.getByRole('button', { name: 'Take it' }).click();
  await lins.owner.getByText('You answer', { exact: true }).waitFor();
  await lins.page.getByText('Done by rules').click();
  await lins.page.getByTestId('run').getByText('Refunds').waitFor();

  await lins.page.keyboard.press('Alt+m');
  const find = lins.page.getByRole('combobox', { name: 'Find a macro' });
  await find.fill('refu');
  await clean(lins.page, 'the macros to choose from');
  await find.press('Enter');
  await becomes('the answers', async () => (await said(visitor, ticket)).at(-1), 'It is on its way. Lin');
  await lins.page.getByText('Done: Refunded').waitFor();
  const { tags } = (await anna.call('GET', `/v1/tickets/${ticket}`)).ticket;
  assert.deepEqual(tags, ['done', 'money']);

  // A promise of one second is missed at once: red, urgent, and it calls her who leads the desk.
  const times = Array.from({ length: 4 }, () => ({ first_s: 1, answer_s: 0, resolution_s: 0 }));
  const late = await desk.visitor('Late');
  await anna.call('PUT', `/v1/desks/${desk.id}/promise`, { times });
  const waits = await late.asks('Hello?');
  await lins.see('Unassigned');
  const due = lins.page.locator(`[data-ticket="${waits}"]`).getByTestId('due');
  await due.and(lins.page.locator('.late')).waitFor();
  await becomes(
    'its priority',
    async () => (await anna.call('GET', `/v1/tickets/${waits}`)).ticket.priority,
    3,
  );
  const call = page.getByTestId('call');
  await call.getByText('A promised time is missed').first().waitFor();
  await clean(page, 'a call');
  assert.equal(await lins.page.getByTestId('call').count(), 0, 'an agent is not called');
  // Tom waits, too.
  while ((await call.count()) > 0) await call.getByRole('button', { name: 'Open' }).click();
  await page.getByTestId('due').first().waitFor();
});
