/** Invitations: whom others have brought into many rooms is asked, and accepts or declines. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** Rooms that others may bring somebody into who does not look at them (`ROOMS_BY_OTHERS_MAX`). */
const rooms_by_others_max = 100;

test('one accepts an invitation, another declines, and whoever invited sees it', async (t) => {
  const { anna, mei, bo } = await three(t);
  await fill(anna, [mei, bo]);
  const annas = await chatOf(t, anna);
  await room(annas, 'Choir');
  const details = await annas.openDetails();
  for (const name of ['Mei', 'Bo']) {
    await invite(annas, name);
    await annas.page.getByText(`${name} has been asked, and joins after accepting.`).waitFor();
  }
  await becomes('the members', () => details.getByTestId('member').count(), 1);

  const meis = await chatOf(t, mei);
  const asked = meis.page.getByRole('region', { name: 'Invitations' }).getByRole('listitem');
  await asked.filter({ hasText: 'Choir' }).getByText('Anna invites you').waitFor();
  await picture(meis, 'invited-en');
  // Nobody is in the room before it was accepted.
  assert.equal(await meis.entry('Choir').count(), 0);
  await asked.getByRole('button', { name: 'Accept the invitation to “Choir”' }).click();
  await meis.thread('Choir').waitFor();
  await becomes('the invitations', () => asked.count(), 0);
  await meis.say('I sing');
  await annas.shows(['I sing']);
  await annas.thread('Choir').getByText('Mei joined').waitFor();
  await becomes('the members', () => details.getByTestId('member').count(), 2);
  await picture(annas, 'accepted-en');

  const bos = await chatOf(t, bo);
  const declined = bos.page.getByTestId('invitation');
  await declined.getByRole('button', { name: 'Decline the invitation to “Choir”' }).click();
  await becomes('the invitations', () => declined.count(), 0);
  // Another tab and another visit know it, too; he can be asked again.
  await bos.page.reload();
  await bos.list.getByTestId('conversation').first().waitFor();
  assert.equal(await declined.count(), 0);
  await becomes('the members', () => details.getByTestId('member').count(), 2);
  await invite(annas, 'Bo');
  await declined.waitFor();
});

test('invitations by keyboard alone, in Chinese', async (t) => {
  const { anna, bo } = await three(t);
  await fill(anna, [bo]);
  const rooms = [await anna.room('合唱团', []), await anna.room('厨房', [])];
  for (const each of rooms) {
    await anna.call('POST', `/v1/conversations/${each}/members`, { person: bo.id });
  }
  const { page } = await chatOf(t, bo, { locale: 'zh-CN' });
  const invitations = page.getByRole('region', { name: '邀请' });
  await becomes('the invitations', () => invitations.getByRole('listitem').count(), 2);
  await invitations.getByText('Anna 邀请你加入').first().waitFor();
  await picture({ page }, 'invited-zh');

  await focusOn(page, '拒绝“合唱团”的邀请');
  await page.keyboard.press('Enter');
  await becomes('the invitations', () => invitations.getByRole('listitem').count(), 1);
  // The focus is on the next one, so that nobody begins at the top of the page again.
  await becomes('the focus', () => focused(page), '接受“厨房”的邀请');
  await page.keyboard.press('Enter');
  await invitations.waitFor({ state: 'detached' });
  await page.getByRole('region', { name: '厨房 的消息' }).getByText('你加入了群聊').waitFor();
  await picture({ page }, 'accepted-zh');
});

/** @param {import('node:test').TestContext} t */
async function three(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  return { anna, mei: await anna.adds('mei', 'Mei'), bo: await anna.adds('bo', 'Bo') };
}

/** Brings people into as many rooms as others may. @param {Member} owner @param {Member[]} members */
async function fill(owner, members) {
  for (let number = 0; number < rooms_by_others_max; number += 1) {
    await owner.room(`Room ${number}`, members);
  }
}

/** Creates a room on the screen. @param {import('../support/chat.mjs').Chat} chat @param {string} title */
async function room(chat, title) {
  await chat.list.getByRole('button', { name: 'New conversation' }).first().click();
  await chat.page.getByRole('tab', { name: 'Room', exact: true }).click();
  await chat.page.getByRole('textbox', { name: 'Room title' }).fill(title);
  await chat.page.getByRole('button', { name: 'Create room' }).click();
  await chat.thread(title).waitFor();
}

/** Invites by the dialog of the details. @param {import('../support/chat.mjs').Chat} chat @param {string} name */
async function invite(chat, name) {
  await chat.page.getByRole('button', { name: 'Invite people' }).click();
  const people = chat.page.getByRole('dialog').getByRole('list', { name: 'People' });
  await people.getByRole('button', { name, exact: false }).click();
  await chat.page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** @param {import('playwright-core').Page} page */
function focused(page) {
  return page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
}

/** Goes to a control by the Tab key. @param {import('playwright-core').Page} page @param {string} name */
async function focusOn(page, name) {
  const seen = [];
  for (let count = 0; count < 40; count += 1) {
    const at = await focused(page);
    if (at === name) return;
    seen.push(at);
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never reaches ${name}: ${seen.join(' | ')}`);
}

/** Keeps a picture for whoever wants to look at it. @param {{ page: import('playwright-core').Page }} chat @param {string} name */
async function picture({ page }, name) {
  const folder = process.env['PICTURES'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}
