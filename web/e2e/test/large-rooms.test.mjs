/** Rooms of which a screen knows only some members: pages, search, keyboard. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member, password } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** Members that the list asks for at a time. */
const page_members = 100;
const others = 120;

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
  await becomes('the first page', () => members.count(), page_members);
  await members.first().getByText('Owner', { exact: true }).waitFor();

  // By the keyboard: the rest, each member once.
  await details.getByRole('button', { name: 'More members' }).focus();
  await chat.page.keyboard.press('Enter');
  await becomes('all members', () => members.count(), others + 1);
  const ids = await members.evaluateAll((all) => all.map((each) => each.getAttribute('data-person')));
  assert.equal(new Set(ids).size, others + 1);
  assert.equal(await details.getByRole('button', { name: 'More members' }).count(), 0);

  // Somebody whom no snapshot knew leaves: the list and the number follow.
  await anna.call('DELETE', `/v1/conversations/${room}/members/${people[others - 1]}`);
  await becomes('without who left', () => members.count(), others);
  await chat.page.locator('header').getByText(`${others} members`, { exact: true }).waitFor();

  const search = details.getByRole('searchbox', { name: 'Find members' });
  await search.fill('fan 11');
  await becomes('who is found', () => members.count(), 11);
  await search.fill('nobody of this name');
  await details.getByText('Nothing is called “nobody of this name”.').waitFor();
  await search.fill('');
  await becomes('the first page again', () => members.count(), page_members);
});
