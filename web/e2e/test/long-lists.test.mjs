/** A person with more conversations than the first answer has: pages, search, what is unread, the keyboard. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

/** More than five pages. */
const rooms = 260;
/** Rows that a screen of this height draws at most, with those to spare. */
const rows_drawn_max = 40;

test('hundreds of conversations come by pages, by search, and when something happens in them', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  /** @type {string[]} */
  const ids = [];
  for (let number = 1; number <= rooms; number += 1) {
    ids.push(await anna.room(`Room ${number}`, number === 3 ? [mei] : []));
  }
  const [oldest = '', , third = ''] = ids;
  // The first one is not the newest room: what was said counts.
  await mei.say(third, 'up');

  const chat = await chatOf(t, anna);
  const { page } = chat;
  const list = chat.list.getByTestId('conversation');
  const first = list.first();
  await first.getByText('Room 3', { exact: true }).waitFor();
  assert.equal(await first.getAttribute('aria-setsize'), '-1');
  const drawn = async () => assert.ok((await list.count()) <= rows_drawn_max, `${await list.count()} rows`);
  await drawn();

  // Down to the oldest, page by page: at the end it is known how many there are.
  await eventually('the oldest conversation', async () => {
    await list.last().scrollIntoViewIfNeeded();
    await page.mouse.move(150, 400);
    await page.mouse.wheel(0, 20_000);
    return chat.entry('Room 1').isVisible();
  });
  await drawn();
  const last = list.last();
  assert.deepEqual(
    [await last.getAttribute('data-conversation'), await last.getAttribute('aria-posinset')],
    [oldest, String(rooms)],
  );
  assert.equal(await last.getAttribute('aria-setsize'), String(rooms));

  // By the keyboard from end to end.
  const focused = () =>
    page.evaluate(() => document.activeElement?.closest('li')?.getAttribute('aria-posinset'));
  await last.getByRole('link').focus();
  await page.keyboard.press('Home');
  await becomes('the focus', focused, '1');
  await page.keyboard.press('ArrowDown');
  await becomes('the focus', focused, '2');
  await page.keyboard.press('End');
  await becomes('the focus', focused, String(rooms));
});

test('what is not loaded is found, counted, and comes to the top with a message', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const oldest = await anna.room('Oldest', [mei]);
  const second = await anna.room('Second', [mei]);
  await anna.room('Perihelion', []);
  for (let number = 1; number <= 120; number += 1) await anna.room(`Room ${number}`, []);
  await mei.say(oldest, 'long ago');
  for (let number = 121; number <= 240; number += 1) await anna.room(`Room ${number}`, []);

  const chat = await chatOf(t, anna);
  const { page } = chat;
  const list = chat.list.getByTestId('conversation');
  await chat.entry('Room 240').waitFor();
  // The count of all, also of those that nobody has listed yet.
  await becomes('the title', () => page.title(), '(1) Encke');
  assert.equal(await chat.entry('Second').count(), 0);

  const search = chat.list.getByRole('searchbox', { name: 'Search conversations' });
  await search.fill('perihel');
  await chat.entry('Perihelion').waitFor();
  await becomes('what is found', () => list.count(), 1);
  await search.press('Enter');
  await chat.thread('Perihelion').waitFor();
  await search.fill('no such room');
  await chat.list.getByText('Nothing is called “no such room”.').waitFor();
  await search.fill('');
  // It was found, but stands where its time is, far below.
  await chat.entry('Room 240').waitFor();
  assert.equal(await chat.entry('Perihelion').count(), 0);

  await mei.say(second, 'one');
  await mei.say(second, 'two');
  await becomes('the unread count', () => chat.unread('Second'), '2');
  assert.equal(await list.first().getAttribute('data-conversation'), second);
  await becomes('the title', () => page.title(), '(3) Encke');
  await chat.choose('Second');
  await chat.shows(['one', 'two']);
  await becomes('the title', () => page.title(), '(1) Encke');

  const unread = chat.list.getByRole('button', { name: 'Unread' });
  await unread.click();
  await chat.entry('Oldest').waitFor();
  await becomes('what is unread', () => list.count(), 2);
  await unread.click();

  // Read on another device, in a page that never listed it.
  await page.reload();
  await chat.entry('Room 240').waitFor();
  await becomes('the title', () => page.title(), '(1) Encke');
  const { conversation } = await anna.call('GET', `/v1/conversations/${oldest}`);
  await anna.call('POST', `/v1/conversations/${oldest}/receipts`, { read: conversation.head_seq });
  await becomes('the title', () => page.title(), 'Encke');
});
