/** Rooms of which a screen knows only some members: pages, search, keyboard. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member, password } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

/** More than the list asks for at a time. */
const others = 120;
/** Rows that a screen of this height draws at most, with those to spare. */
const rows_drawn_max = 40;

test('the members of a large room come by pages and by name', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const room = await anna.room('Stadium', []);
  /** @type {string[]} */
  const people = [];
  for (let number = 1; number <= others; number += 1) {
    const account = { name: `fan${number}`, password, display_name: `Fan ${number}` };
    people.push((await anna.call('POST', '/v1/people', account)).id);
  }
  for (const person of people) await anna.call('POST', `/v1/conversations/${room}/members`, { person });

  const chat = await chatOf(t, anna);
  await chat.choose('Stadium');
  await chat.page
    .locator('header')
    .getByText(`${others + 1} members`, { exact: true })
    .waitFor();
  const details = await chat.openDetails();
  const members = details.getByTestId('member');
  await members.first().getByText('Owner', { exact: true }).waitFor();
  assert.equal(await members.first().getAttribute('aria-setsize'), String(others + 1));

  // Down to the last: each member once, and never more rows than fit.
  /** @type {Map<string | null, string | null>} */
  const seen = new Map();
  const last = details.getByText(`Fan ${others}`, { exact: true });
  await eventually('the last member', async () => {
    const drawn = await members.evaluateAll((all) =>
      all.map((each) => [each.getAttribute('aria-posinset'), each.getAttribute('data-person')]),
    );
    assert.ok(drawn.length <= rows_drawn_max, `${drawn.length} rows`);
    for (const [row = null, person = null] of drawn) seen.set(row, person);
    if (await last.isVisible()) return true;
    await members.last().scrollIntoViewIfNeeded();
    return false;
  });
  assert.equal(seen.size, others + 1);
  assert.equal(new Set(seen.values()).size, others + 1);

  // Somebody whom no snapshot knew leaves: the list and the number follow.
  await anna.call('DELETE', `/v1/conversations/${room}/members/${people[others - 1]}`);
  await last.waitFor({ state: 'detached' });
  await becomes('the last row', () => members.last().getAttribute('aria-posinset'), String(others));
  await chat.page.locator('header').getByText(`${others} members`, { exact: true }).waitFor();

  const search = details.getByRole('searchbox', { name: 'Find members' });
  await search.fill('fan 11');
  await becomes('who is found', () => members.count(), 11);
  await search.fill('nobody of this name');
  await details.getByText('Nothing is called “nobody of this name”.').waitFor();
  await search.fill('');
  await members.first().getByText('Owner', { exact: true }).waitFor();
});
