/** Finding what was said: the search with its filters, and the way from one mention to the next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('words are found in all conversations, in both languages, and lead to their place', async (t) => {
  const { anna, mei, chat, direct, room } = await three(t);
  const { page } = chat;
  const first = await mei.say(direct, 'The **meeting** is tomorrow');
  for (let number = 1; number <= 130; number += 1) await mei.say(direct, `line ${number}`);
  await mei.say(room, '明天下午开会议，请准时');
  await indexed(anna, '请准时');
  await chat.list.getByText('Orbit').waitFor();

  await page.keyboard.press('ControlOrMeta+Shift+f');
  const search = page.getByRole('search', { name: 'Search messages' });
  const field = search.getByRole('combobox');
  await search.getByText('Find what was said').waitFor();
  await field.pressSequentially('会议');
  const found = search.getByTestId('found');
  await found.waitFor();
  assert.match(await found.innerText(), /^Mei\s+Orbit/);
  assert.deepEqual(await found.locator('mark').allInnerTexts(), ['会议']);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await chat.thread('Orbit').waitFor();
  await page.locator('.marked').getByText('明天下午开会议').waitFor();

  // The search stays beside what it led to, and the next one leads far back.
  await field.fill('MEETING');
  await found.getByText('The meeting is tomorrow').waitFor();
  await found.click();
  await page.locator(`[data-seq="${first.seq}"].marked`).waitFor();
  await field.fill('nothing like it');
  await search.getByText('Nothing found.').waitFor();
  await field.press('Escape');
  await search.waitFor({ state: 'detached' });

  // From the list, by what was typed there; a message that is recalled leaves the screen.
  await page.getByRole('searchbox', { name: 'Search conversations' }).fill('meeting');
  await page.getByRole('button', { name: 'Search messages for “meeting”' }).click();
  await found.waitFor();
  await mei.call('DELETE', `/v1/conversations/${direct}/messages/${first.seq}`);
  await found.waitFor({ state: 'detached' });
  assert.ok(!(await page.content()).includes('is tomorrow'));
});

test('filters are typed or chosen, become chips, and are taken away', async (t) => {
  const { anna, mei, chat, direct, room } = await three(t);
  const { page } = chat;
  await mei.say(direct, 'heron one');
  await anna.say(direct, 'heron two');
  await mei.say(room, 'heron three, see https://encke.example/');
  await indexed(anna, 'three');
  await chat.choose('Mei');
  const search = page.getByRole('search', { name: 'Search messages' });
  const texts = () => search.getByTestId('found').locator('.text').allInnerTexts();
  const [one, two, three_] = ['heron one', 'heron two', 'heron three, see https://encke.example/'];

  // In the open conversation first, then everywhere.
  await page.getByRole('button', { name: 'Search in this conversation' }).click();
  await search.getByText('Type a word, or choose a person, links, files, stars or pins.').waitFor();
  await page.keyboard.type('heron');
  await becomes('what is found', texts, [two, one]);
  await search.getByRole('button', { name: 'Remove the filter “In: Mei”' }).click();
  await becomes('what is found', texts, [three_, two, one]);

  // By keys alone: the person is chosen among suggestions, and Backspace takes the filter away.
  const field = search.getByRole('combobox');
  await field.focus();
  await field.press('End');
  await page.keyboard.type(' from:me');
  await search.getByRole('option', { name: 'Mei' }).waitFor();
  await page.keyboard.press('Enter');
  await becomes('what is found', texts, [three_, one]);
  assert.equal(await field.inputValue(), 'heron');
  await search.getByRole('button', { name: 'Has', exact: true }).click();
  await search.getByRole('option', { name: 'Link' }).click();
  await becomes('what is found', texts, [three_]);
  await field.fill('');
  await field.press('Backspace');
  await search.getByRole('button', { name: 'Remove the filter “Has: Link”' }).waitFor({ state: 'detached' });
  await becomes('what is found', texts, [three_, one]);
  await field.press('Backspace');
  await search.getByRole('button', { name: 'From', exact: true }).waitFor();

  // Dates.
  await field.fill('heron before:2001-02-03');
  await page.keyboard.press('Enter');
  await search.getByText('Nothing found.').waitFor();
  await search.getByRole('button', { name: /^Remove the filter “Before/ }).click();
  await search.getByRole('button', { name: 'Since' }).click();
  await search.getByLabel('Since: Date').fill('2001-02-03');
  await search.getByRole('button', { name: 'Apply' }).click();
  await becomes('what is found', texts, [three_, two, one]);
});

test('what one has starred, and what is pinned, is found by words and without', async (t) => {
  const { anna, mei, chat, direct, room } = await three(t);
  const { page } = chat;
  const said = [await mei.say(direct, 'heron one'), await mei.say(direct, 'egret two')];
  for (const { seq } of said) await anna.call('PUT', `/v1/conversations/${direct}/messages/${seq}/star`);
  const { seq } = await mei.say(room, 'heron three');
  await mei.call('PUT', `/v1/conversations/${room}/messages/${seq}/pin`);
  await chat.list.getByText('Orbit').waitFor();
  await page.keyboard.press('ControlOrMeta+Shift+f');
  const search = page.getByRole('search', { name: 'Search messages' });
  const texts = () => search.getByTestId('found').locator('.text').allInnerTexts();
  await search.locator('[data-search-field]:focus').waitFor();
  await page.keyboard.type('is:star');
  await search.getByRole('option', { name: 'Starred' }).waitFor();
  await page.keyboard.press('Enter');
  await becomes('the stars', texts, ['egret two', 'heron one']);
  await page.keyboard.type('heron');
  await becomes('one star', texts, ['heron one']);
  await search.getByRole('button', { name: 'Remove the filter “Is: Starred”' }).click();
  await search.getByRole('button', { name: 'Is', exact: true }).click();
  await search.getByRole('option', { name: 'Pinned' }).click();
  assert.equal(await search.getByRole('combobox').inputValue(), 'heron');
  await becomes('the pin', texts, ['heron three']);
  if (process.env['PICTURES']) await page.screenshot({ path: `${process.env['PICTURES']}/search-is.png` });
});

test('many results come by pages, a failure says so, and a phone shows the search alone', async (t) => {
  const { anna, mei, chat, room } = await three(t, { viewport: { width: 390, height: 780 } });
  const { page } = chat;
  for (let number = 1; number <= 75; number += 1) await mei.say(room, `heron ${number}`);
  await indexed(anna, 'heron 75');
  await chat.list.getByText('Orbit').waitFor();
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('Search messages');
  await page.getByRole('option', { name: 'Search messages' }).waitFor();
  await page.keyboard.press('Enter');
  const search = page.getByRole('search', { name: 'Search messages' });
  const found = search.getByTestId('found');
  assert.deepEqual(await search.boundingBox(), { x: 0, y: 0, width: 390, height: 780 });

  await page.route('**/v1/search?*', (route) => route.abort());
  await search.getByRole('combobox').fill('heron');
  await search.getByRole('alert').getByText('The server can’t be reached.').waitFor();
  await page.unroute('**/v1/search?*');
  await search.getByRole('button', { name: 'Try again' }).click();
  await eventually('the first page', async () => (await found.count()) >= 20);
  await eventually('all of them', async () => {
    await found.last().scrollIntoViewIfNeeded();
    return (await found.count()) === 75;
  });
  await search.getByText('That is all.').waitFor();
  await found.last().click();
  await search.waitFor({ state: 'detached' });
  await page.locator('.marked').getByText('heron 1', { exact: true }).waitFor();
  // Back in the search, the results are still there.
  await page.keyboard.press('ControlOrMeta+Shift+f');
  await found.first().waitFor();
  assert.equal(await found.count(), 75);
});

test('unread mentions are counted in the list and the title, and gone through one by one', async (t) => {
  const { anna, mei, chat, room } = await three(t);
  const { page } = chat;
  const other = await mei.room('Kitchen', [anna]);
  const calls = [];
  for (let number = 1; number <= 120; number += 1) {
    const sent = await mei.say(room, number % 40 === 3 ? `<@${anna.id}> ${number}` : `line ${number}`);
    if (number % 40 === 3) calls.push(sent.seq);
  }
  const lunch = await mei.say(other, `<@${anna.id}> lunch`);
  const badge = (/** @type {string} */ title) => chat.entry(title).locator('.called').allInnerTexts();
  await becomes('the badge', () => badge('Orbit'), ['@3']);
  await becomes('the badge', () => badge('Kitchen'), ['@']);
  await eventually('the title', async () => /^\(@4 · \d+\) /.test(await page.title()));

  // What is recalled mentions nobody.
  await mei.call('DELETE', `/v1/conversations/${other}/messages/${lunch.seq}`);
  await becomes('the badge', () => badge('Kitchen'), []);

  await chat.choose('Orbit');
  const next = page.getByRole('button', { name: 'Next mention of you, 3 unread' });
  for (const seq of calls) {
    await next.click();
    await page.locator(`[data-seq="${seq}"].marked`).waitFor();
  }
  // By keys, from the beginning again.
  await page.keyboard.press('Alt+m');
  await page.locator(`[data-seq="${calls[0]}"].marked`).waitFor();
  await page.getByRole('button', { name: /^Jump to the latest/ }).click();
  await becomes('the badge', () => badge('Orbit'), []);
  await eventually('the title', async () => !(await page.title()).includes('@'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Alt+m');
  await page.getByText('No unread message mentions you.').waitFor();
});

/** Waits until a message is in the index, and so everything before it. */
async function indexed(/** @type {Member} */ member, /** @type {string} */ words) {
  await eventually('the index', async () => {
    const page = await member.call('GET', `/v1/search?q=${encodeURIComponent(words)}`);
    return page.events.length > 0;
  });
}

/**
 * Anna in a browser, Mei as a script, their conversation and a room.
 * @param {import('node:test').TestContext} t
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
async function three(t, options) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const direct = await anna.direct(mei);
  const room = await mei.room('Orbit', [anna]);
  const chat = await chatOf(t, anna, options);
  return { server, anna, mei, direct, room, chat };
}
