/** One's own settings of conversations, and order in rooms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, freshBrowser } from '../support/browser.mjs';
import { Member, password } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('what is pinned, muted, archived or in a folder is so on all devices of a person', async (t) => {
  const { server, anna, mei } = await three(t);
  for (const title of ['Kitchen', 'Garden', 'Office']) {
    const room = await anna.room(title, [mei]);
    await mei.say(room, `Hello from the ${title}`);
  }
  const chat = await chatOf(t, anna);
  const other = await chatOf(t, await Member.signIn(server.url, 'anna'));
  const both = [chat, other];
  const titles = (/** @type {typeof chat} */ of) =>
    of.list.getByTestId('conversation').locator('.title').allTextContents();
  for (const each of both) await becomes('the list', () => titles(each), ['Office', 'Garden', 'Kitchen']);

  // By the mouse: above the others.
  await chat.entry('Kitchen').click({ button: 'right' });
  await chat.page.getByRole('menuitem', { name: 'Pin to the top' }).click();
  for (const each of both)
    await becomes('the pinned one first', () => titles(each), ['Kitchen', 'Office', 'Garden']);

  // By its own button: muted, so that its messages no longer count in the title, unless they mention the person.
  const counted = async () => Number(/(\d+)\) /.exec(await other.page.title())?.[1] ?? 0);
  await eventually('the title counts', async () => (await counted()) > 0);
  const [before, of] = [await counted(), Number(await other.unread('Garden'))];
  assert.ok(of > 0);
  await chat.entry('Garden').hover();
  await chat.entry('Garden').getByRole('button').click();
  await chat.page.getByRole('menuitem', { name: 'Always' }).click();
  await becomes('what the title counts', counted, before - of);
  assert.doesNotMatch(await other.page.title(), /@/);
  const garden = await chat.entry('Garden').getAttribute('data-conversation');
  await mei.say(garden ?? '', `<@${anna.id}>, look`);
  await eventually('the title tells of the mention', async () => /@1/.test(await other.page.title()));
  assert.equal(await counted(), before - of);

  // By the keyboard: out of sight, and back.
  await chat.entry('Office').getByRole('link').focus();
  await chat.page.keyboard.press('ContextMenu');
  await chat.page.getByRole('menuitem', { name: 'Archive' }).press('Enter');
  for (const each of both) await becomes('the others', () => titles(each), ['Kitchen', 'Garden']);
  await other.list.getByRole('button', { name: '1 archived' }).click();
  await becomes('the archive', () => titles(other), ['Office']);
  await other.list.getByRole('button', { name: 'Back to all conversations' }).click();
  await becomes('all others again', () => titles(other), ['Kitchen', 'Garden']);

  // From the thread: into a new folder.
  await chat.choose('Garden');
  await chat.page.locator('.thread-pane header').getByRole('button', { name: 'More for' }).click();
  await chat.page.getByRole('menuitem', { name: 'Move to a folder…' }).click();
  const dialog = chat.page.getByRole('dialog', { name: 'Move to a folder' });
  await dialog.getByRole('radio', { name: 'New folder' }).check();
  await dialog.getByRole('textbox', { name: 'Name of the folder' }).fill('Plants 植物');
  await dialog.getByRole('button', { name: 'Move' }).click();
  await other.list.getByRole('button', { name: 'Plants 植物' }).click();
  await becomes('the folder', () => titles(other), ['Garden']);
  await other.page.reload();
  await becomes('all after a reload', () => titles(other), ['Kitchen', 'Garden']);
  await other.list.getByRole('button', { name: 'Plants 植物' }).waitFor();
});

test('rooms are kept in order, and those who can’t write are told why', async (t) => {
  const { anna, mei, bo } = await three(t);
  await anna.room('Kitchen', [mei, bo]);
  const [annas, meis] = [await chatOf(t, anna), await chatOf(t, mei)];
  for (const chat of [annas, meis]) await chat.choose('Kitchen');
  const shut = meis.page.getByTestId('shut');
  const details = await annas.openDetails();

  await details.getByRole('button', { name: 'Edit title, topic and picture' }).click();
  await details.getByRole('textbox', { name: 'Topic' }).fill('What we cook 做饭');
  await details.getByRole('button', { name: 'Save' }).click();
  await details.getByText('What we cook 做饭').waitFor();

  await details.getByRole('switch', { name: 'Announcement room' }).check();
  await shut.getByText('Only owners and moderators write here.').waitFor();
  await meis.composer.waitFor({ state: 'detached' });
  await details.getByRole('switch', { name: 'Announcement room' }).uncheck();
  await meis.composer.waitFor();

  const act = async (/** @type {string} */ name, /** @type {string} */ item) => {
    await details.getByRole('button', { name: `Actions for ${name}` }).click();
    await annas.page.getByRole('menuitem', { name: item }).click();
  };
  await act('Mei', 'For 1 hour');
  await shut.getByText('You are muted in this room until').waitFor();
  await details.locator(`[data-person=${mei.id}]`).getByText('Muted').waitFor();
  await act('Mei', 'Unmute');
  await meis.composer.waitFor();

  // Who is made a moderator keeps order from then on, but over members alone.
  const theirs = await meis.openDetails();
  await theirs.getByText('What we cook 做饭').waitFor();
  assert.equal(await theirs.getByRole('button', { name: 'Banned people' }).count(), 0);
  await act('Mei', 'Make moderator');
  await theirs.getByRole('button', { name: 'Banned people' }).waitFor();
  await theirs.getByRole('button', { name: 'Actions for Anna' }).click();
  await meis.page.getByRole('menuitem', { name: 'Write a message' }).waitFor();
  assert.equal(await meis.page.getByRole('menuitem').count(), 1);
  await meis.page.keyboard.press('Escape');
  await theirs.getByRole('button', { name: 'Actions for Bo' }).click();
  await meis.page.getByRole('menuitem', { name: 'Ban' }).click();
  await meis.page.getByRole('dialog').getByRole('button', { name: 'Ban' }).click();
  await becomes('the members', () => theirs.getByTestId('member').count(), 2);

  await details.getByRole('button', { name: 'Banned people' }).click();
  await details.getByTestId('ban').getByText('Banned by Mei').waitFor();
  await details.getByRole('button', { name: 'Lift the ban on Bo' }).click();
  await details.getByText('Nobody is banned.').waitFor();
  await details.getByRole('button', { name: 'Back' }).click();
  await details.getByRole('button', { name: 'Audit trail' }).click();
  const lines = details.getByTestId('audit-entry').locator('span');
  await becomes('the audit trail', async () => (await lines.allTextContents()).length, 8);
  const [unbanned, banned, made, unmuted, muted, ...rest] = await lines.allTextContents();
  assert.deepEqual(
    [unbanned, banned, made, unmuted, ...rest],
    [
      'Anna lifted the ban on Bo',
      'Mei banned Bo',
      'Anna made Mei a moderator',
      'Anna unmuted Mei',
      'Anna let all members write again',
      'Anna made this an announcement room',
      'Anna changed the topic',
    ],
  );
  assert.match(muted ?? '', /^Anna muted Mei until /);

  // Who no longer keeps order sees what members see.
  await theirs.getByRole('button', { name: 'Audit trail' }).click();
  await theirs.getByTestId('audit-entry').first().waitFor();
  await anna.call('PATCH', `/v1/conversations/${await roomOf(annas)}/members/${mei.id}`, { role: 'member' });
  await theirs.getByRole('button', { name: 'Leave room' }).waitFor();
  assert.equal(await theirs.getByRole('button', { name: 'Audit trail' }).count(), 0);
});

test('an invite link lets people in, also those who sign in first, until it is revoked', async (t) => {
  const { anna, bo } = await three(t);
  const kitchen = await anna.room('Kitchen', []);
  const annas = await chatOf(t, anna);
  await annas.choose('Kitchen');
  const details = await annas.openDetails();
  await details.getByRole('button', { name: 'Invite links' }).click();
  await details.getByText('There is no link.').waitFor();
  await details.getByLabel('For how many people').selectOption('10');
  await details.getByRole('button', { name: 'Make a link' }).click();
  const link = await details.getByTestId('made-link').inputValue();
  assert.match(link, /\/#join=[\w-]+$/);
  await details.getByText('0 of 10 used').waitFor();

  // Without a session: the link waits until the person has signed in, and its secret has left the address.
  const page = await (await freshBrowser(t)).newPage();
  await page.goto(link);
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('bo');
  assert.doesNotMatch(page.url(), /join/);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Invitation to a room' });
  await dialog.getByText('1 member').waitFor();
  await dialog.getByRole('button', { name: 'Join the room' }).click();
  await page.getByRole('region', { name: 'Messages in Kitchen' }).waitFor();
  await annas.thread('Kitchen').getByText('Bo joined').waitFor();

  // The same link again, in an open page: the room is just opened.
  await page.evaluate(() => (location.hash = '#/'));
  await page.getByRole('region', { name: 'Messages in Kitchen' }).waitFor({ state: 'detached' });
  await page.evaluate((hash) => (location.hash = hash), new URL(link).hash);
  await dialog.getByText('You are in this room.').waitFor();
  await dialog.getByRole('button', { name: 'Open the room' }).click();
  await page.getByRole('region', { name: 'Messages in Kitchen' }).waitFor();

  await details.getByRole('button', { name: 'Back' }).click();
  await details.getByRole('button', { name: 'Invite links' }).click();
  await details.getByText('1 of 10 used').waitFor();
  await details.getByRole('button', { name: /^Revoke the link/ }).click();
  await details.getByText('There is no link.').waitFor();
  await anna.call('DELETE', `/v1/conversations/${kitchen}/members/${bo.id}`);
  await page.evaluate((hash) => (location.hash = hash), new URL(link).hash);
  await dialog.getByText('This link is no longer good. Ask for a new one.').waitFor();
});

test('people block others, and report messages to those who keep order', async (t) => {
  const { anna, mei, bo } = await three(t);
  await anna.room('Kitchen', [mei, bo]);
  const direct = await bo.direct(mei);
  await bo.say(direct, 'Buy my pans');
  const [annas, meis] = [await chatOf(t, anna), await chatOf(t, mei)];
  await annas.choose('Kitchen');
  await bo.say(await roomOf(annas), 'Pans, pans, pans');

  // A report reaches the owner of the room, who shows its message and is done with it.
  await meis.choose('Kitchen');
  await meis.page.getByTestId('message').last().focus();
  await meis.page.keyboard.press('Enter');
  await meis.page.getByRole('menuitem', { name: 'Report' }).click();
  const report = meis.page.getByRole('dialog', { name: 'Report a message' });
  await report.getByRole('textbox').fill('Nothing but advertising 广告');
  await report.getByRole('button', { name: 'Report', exact: true }).click();
  await meis.page.getByText('Thank you. The message was reported.').waitFor();
  await annas.page.getByText('A message was reported in “Kitchen”.').waitFor();
  const details = await annas.openDetails();
  await details.getByRole('button', { name: 'Reports' }).click();
  const open = details.getByTestId('report');
  await open.getByText('Pans, pans, pans').waitFor();
  await open.getByText('Nothing but advertising 广告').waitFor();
  await open.getByText('Reported by Mei').waitFor();
  await open.getByRole('button', { name: 'The report by Mei is done' }).click();
  await details.getByText('There is no open report.').waitFor();

  // A block: neither writes, until it is taken back.
  await meis.choose('Bo');
  const person = await meis.openDetails();
  await person.getByRole('button', { name: 'Block', exact: true }).click();
  await meis.page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
  await meis.page.getByTestId('shut').getByText('You have blocked Bo.').waitFor();
  await assert.rejects(bo.say(direct, 'Still there?'), /blocked/);
  await meis.fromAccountMenu('Blocked people');
  const blocked = meis.page.getByRole('dialog', { name: 'Blocked people' });
  await blocked.getByRole('button', { name: 'Unblock Bo' }).click();
  await blocked.getByText('You block nobody.').waitFor();
  await meis.page.keyboard.press('Escape');
  await meis.composer.waitFor();
  await bo.say(direct, 'Sorry');
  await meis.shows(['Buy my pans', 'Sorry']);
});

/** @param {import('../support/chat.mjs').Chat} chat */
async function roomOf(chat) {
  return (await chat.entry('Kitchen').getAttribute('data-conversation')) ?? '';
}

/** @param {import('node:test').TestContext} t */
async function three(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const bo = await anna.adds('bo', 'Bo');
  return { server, anna, mei, bo };
}
