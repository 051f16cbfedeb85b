/** Polls: made by the menu and by the command, voted in with mouse and keys, closed, and the same for who was away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** Where pictures of the screens go, for who wants to look at them. */
const pictures = process.env['PICTURES'];

test('a poll is made, voted in on several devices, and closed', async (t) => {
  const { server, anna, mei } = await two(t);
  const room = await anna.room('Kitchen', [mei]);
  const chat = await chatOf(t, anna);
  await chat.choose('Kitchen');

  await chat.page.getByRole('button', { name: 'Attach files' }).click();
  await chat.page.getByRole('menuitem', { name: 'Poll' }).click();
  const dialog = chat.page.getByRole('dialog', { name: 'New poll' });
  await dialog.getByRole('button', { name: 'Create poll' }).click();
  await dialog.getByText('Write a question.').waitFor();
  await dialog.getByRole('textbox', { name: 'Question' }).fill('What do we cook? 做什么？');
  await dialog.getByRole('textbox', { name: 'Option 1' }).fill('Dumplings 饺子');
  await dialog.getByRole('textbox', { name: 'Option 1' }).press('Enter');
  await chat.page.keyboard.type('<b>Soup</b>');
  await chat.page.keyboard.press('Enter');
  await chat.page.keyboard.type('Nothing');
  await shot(chat.page, 'poll-dialog');
  await clean(chat.page, 'a new poll');
  await dialog.getByRole('button', { name: 'Create poll' }).click();
  await dialog.waitFor({ state: 'detached' });

  const meis = await chatOf(t, mei);
  const device = await chatOf(t, await Member.signIn(server.url, 'mei'));
  await meis.entry('Kitchen').getByText('[Poll] What do we cook?').waitFor();
  for (const each of [meis, device]) await each.choose('Kitchen');
  const counts = (/** @type {typeof chat} */ of) =>
    poll(of).locator('.votes [aria-hidden]').allTextContents();
  await becomes('an empty poll', () => counts(meis), ['0', '0', '0']);

  // By the mouse, and by the keyboard: the message, then its options.
  await poll(meis).getByRole('radio', { name: '<b>Soup</b>' }).check();
  for (const each of [chat, meis, device]) await becomes('one vote', () => counts(each), ['0', '1', '0']);
  await becomes(
    'the other device',
    () => poll(device).getByRole('radio', { name: 'Soup' }).isChecked(),
    true,
  );
  await chat.page.getByTestId('message').last().focus();
  await chat.page.keyboard.press('Tab');
  await chat.page.keyboard.press('Space');
  await becomes('two votes', () => counts(meis), ['1', '1', '0']);
  await chat.page.keyboard.press('ArrowDown');
  await becomes('a changed mind', () => counts(meis), ['0', '2', '0']);
  await clean(chat.page, 'a poll');
  await shot(chat.page, 'poll');

  await poll(meis).getByRole('button', { name: 'Who voted' }).click();
  const voters = meis.page.getByRole('dialog', { name: 'Who voted' });
  await voters.getByRole('region', { name: 'Soup' }).getByText('Anna').waitFor();
  await clean(meis.page, 'who voted');
  await shot(meis.page, 'poll-voters');
  await meis.page.keyboard.press('Escape');
  await poll(device).getByRole('radio', { name: 'Soup' }).click();
  await becomes('a vote taken back', () => counts(meis), ['0', '1', '0']);

  // What a poll says is not written anew, and only its author or a moderator closes it.
  assert.equal(await poll(meis).getByRole('button', { name: 'Close poll' }).count(), 0);
  await chat.page.getByTestId('message').last().focus();
  await chat.page.keyboard.press('Enter');
  await chat.page.getByRole('menuitem', { name: /^Recall/ }).waitFor();
  assert.equal(await chat.page.getByRole('menuitem', { name: /^Edit/ }).count(), 0);
  await chat.page.keyboard.press('Escape');
  await poll(chat).getByRole('button', { name: 'Close poll' }).click();
  await poll(chat).getByRole('button', { name: 'Close it' }).click();
  for (const each of [chat, meis, device])
    await becomes('closed', () => poll(each).getByRole('radio').first().isDisabled(), true);

  // Who was away sees the same.
  await device.page.reload();
  await becomes('the result', () => counts(device), ['0', '1', '0']);
  await poll(device).getByText('1 person voted · Closed').waitFor();
  const page = await mei.call('GET', `/v1/conversations/${room}/events`);
  assert.deepEqual(page.amended[0].poll.counts, [0, 1, 0]);
});

test('an anonymous poll takes several answers, ends by itself, and names nobody', async (t) => {
  const { anna, mei } = await two(t);
  const room = await anna.room('Kitchen', [mei]);
  const chat = await chatOf(t, mei, { locale: 'zh-CN' });
  await chat.page.getByRole('link', { name: /Kitchen/ }).click();
  await chat.page.getByRole('textbox', { name: /Kitchen/ }).fill('/poll 你想喝什么？');
  await chat.page.keyboard.press('Enter');
  const dialog = chat.page.getByRole('dialog', { name: '新投票' });
  assert.equal(await dialog.getByRole('textbox', { name: '问题' }).inputValue(), '你想喝什么？');
  await dialog.getByRole('textbox', { name: '选项 1' }).fill('茶');
  await dialog.getByRole('textbox', { name: '选项 2' }).fill('咖啡');
  await dialog.getByRole('switch', { name: '多选' }).click();
  await dialog.getByRole('switch', { name: '匿名' }).click();
  await dialog.getByRole('combobox', { name: '结束时间' }).selectOption({ label: '1 天后' });
  await shot(chat.page, 'poll-dialog-zh');
  await dialog.getByRole('button', { name: '发起投票' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await chat.page.getByRole('textbox', { name: /Kitchen/ }).inputValue(), '');
  for (const option of ['茶', '咖啡']) await poll(chat).getByRole('checkbox', { name: option }).check();
  await poll(chat)
    .getByText(/1 人已投票 · 匿名 · /)
    .waitFor();
  assert.equal(await poll(chat).getByRole('button', { name: '谁投了票' }).count(), 0);
  await becomes(
    'both votes',
    async () => (await anna.call('GET', `/v1/conversations/${room}/events`)).amended[0]?.poll.counts,
    [1, 1],
  );

  // On a phone, in the dark.
  await chat.page.emulateMedia({ colorScheme: 'dark' });
  await chat.page.setViewportSize({ width: 390, height: 780 });
  await shot(chat.page, 'poll-phone-zh-dark');
  await clean(chat.page, 'a poll on a phone');

  const ends_at = Date.now() + 3_000;
  const soon = { question: '快', options: ['是', '否'], ends_at, key: 'soon' };
  await anna.call('POST', `/v1/conversations/${room}/polls`, soon);
  await becomes('open', () => poll(chat).getAttribute('data-open'), 'true');
  await becomes('its end', () => poll(chat).getAttribute('data-open'), 'false');
  await poll(chat).getByText('还没有人投票 · 已结束').waitFor();
});

test('who is muted can’t vote and reads why, until the mute ends by itself', async (t) => {
  const { anna, mei } = await two(t);
  const room = await anna.room('Kitchen', [mei]);
  const body = { question: 'Tea?', options: ['Yes', 'No'], key: 'tea' };
  await anna.call('POST', `/v1/conversations/${room}/polls`, body);
  const chat = await chatOf(t, mei);
  await chat.choose('Kitchen');
  const yes = poll(chat).getByRole('radio', { name: 'Yes' });
  await becomes('a vote can be given', () => yes.isEnabled(), true);
  await anna.call('PUT', `/v1/conversations/${room}/members/${mei.id}/mute`, { seconds: 60 });
  const why = poll(chat).getByText('You are muted in this room until');
  await why.waitFor();
  assert.equal(await yes.isDisabled(), true);
  await chat.page.getByTestId('shut').waitFor();
  await clean(chat.page, 'a poll of somebody who is muted');
  await shot(chat.page, 'poll-muted');

  // The page's own time, which moves once a minute, would tell it much later.
  await chat.page.clock.install({ time: Date.now() });
  await chat.page.reload();
  await why.waitFor();
  await chat.page.clock.runFor(56_000);
  await why.waitFor({ state: 'detached', timeout: 5_000 });
  await chat.composer.waitFor();
  assert.equal(await yes.isEnabled(), true);
});

/** The newest poll on screen. @param {import('../support/chat.mjs').Chat} chat */
function poll(chat) {
  return chat.page.getByTestId('poll').last();
}

/** @param {import('playwright-core').Page} page @param {string} name */
async function shot(page, name) {
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` });
}

/** @param {import('node:test').TestContext} t */
async function two(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  return { server, anna, mei };
}
