/** What a person keeps for itself, on two devices: stars, drafts, messages that are sent later, reminders. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

/** @typedef {import('../support/chat.mjs').Chat} Chat */

const hour_ms = 3_600_000;

test('a star is set by a key or the menu, marks the message on all devices, and leads back to it', async (t) => {
  const { anna, mei, chat, other, direct, room } = await twoDevices(t);
  const { page } = chat;
  await mei.say(direct, 'the **plan**');
  for (let number = 1; number <= 60; number += 1) await mei.say(direct, `line ${number}`);
  const gone = await mei.say(room, 'to be recalled');
  await chat.choose('Mei');
  await other.choose('Mei');
  await message(chat, 'line 60').focus();
  await page.keyboard.press('s');
  await mark(chat, 'line 60').waitFor();
  await mark(other, 'line 60').waitFor();
  await page.keyboard.press('s');
  await mark(other, 'line 60').waitFor({ state: 'detached' });
  await mark(chat, 'line 60').waitFor({ state: 'detached' });
  await chat.choose('Orbit');
  await fromMenu(chat, 'to be recalled', /^Star/);
  await mark(chat, 'to be recalled').waitFor();
  await anna.call('PUT', `/v1/conversations/${direct}/messages/2/star`);

  // The pane on the other device: both, the newest star first, and the way to a message far back.
  await other.page.getByRole('button', { name: 'Saved' }).click();
  const pane = saved(other);
  const kept = pane.getByTestId('kept');
  await becomes('the stars', () => kept.locator('.text').allInnerTexts(), [
    'Mei: the plan',
    'Mei: to be recalled',
  ]);
  assert.deepEqual(await kept.locator('.place').allInnerTexts(), ['Mei', 'Orbit']);
  await clean(other.page, 'the stars');
  await kept.getByRole('button', { name: /the plan/ }).click();
  await other.page.locator('[data-seq="2"].marked').waitFor();
  await mark(other, 'the plan').waitFor();

  // A message that is recalled leaves nothing of itself; the star is taken off beside it.
  await mei.call('DELETE', `/v1/conversations/${room}/messages/${gone.seq}`);
  await kept.getByText('A message that was recalled').waitFor();
  await kept.nth(1).getByRole('button', { name: 'Take the star off' }).click();
  await becomes('the stars', () => kept.locator('.place').allInnerTexts(), ['Mei']);
  await kept.first().getByRole('button', { name: 'Take the star off' }).click();
  await pane.getByText('Nothing starred yet').waitFor();
  await other.page.keyboard.press('Escape');
  await pane.waitFor({ state: 'detached' });
});

test('a draft goes on on another device, is never replaced under the hands, and goes with its message', async (t) => {
  const { anna, mei, chat, other, direct, room } = await twoDevices(t);
  const draft = async (/** @type {string} */ id) =>
    (await anna.call('GET', '/v1/drafts')).drafts.find((/** @type {any} */ each) => each.conversation === id)
      ?.text ?? '';
  await chat.choose('Mei');
  await chat.composer.pressSequentially('begun here');
  await becomes('the draft of the server', () => draft(direct), 'begun here');
  await other.entry('Mei').getByText('Draft: begun here').waitFor();
  await other.choose('Mei');
  assert.equal(await other.composer.inputValue(), 'begun here');

  // Another device writes on. What is being written here stays, and the last one that saves decides.
  await other.composer.press('End');
  await other.composer.pressSequentially(', gone on there');
  await becomes('the draft of the server', () => draft(direct), 'begun here, gone on there');
  assert.equal(await chat.composer.inputValue(), 'begun here');
  await chat.composer.press('End');
  await chat.composer.pressSequentially('!');
  await becomes('the draft of the server', () => draft(direct), 'begun here!');
  assert.equal(await other.composer.inputValue(), 'begun here, gone on there');
  // A conversation that is opened anew shows the newest.
  await other.choose('Orbit');
  await other.choose('Mei');
  await becomes('the field', () => other.composer.inputValue(), 'begun here!');

  // It is saved at once when the conversation is left, and taken where nothing was typed.
  await chat.choose('Orbit');
  await chat.composer.fill('in the room');
  await chat.choose('Mei');
  await becomes('the draft of the server', () => draft(room), 'in the room');
  await other.entry('Orbit').getByText('Draft: in the room').waitFor();
  await anna.call('PUT', `/v1/conversations/${direct}/draft`, { text: 'by a script' });
  await becomes('the field', () => chat.composer.inputValue(), 'by a script');
  await becomes('the field', () => other.composer.inputValue(), 'by a script');

  // Sent on one device, it is gone on both; what is begun anew stays.
  await other.composer.press('Enter');
  await other.shows(['by a script']);
  await becomes('the field', () => chat.composer.inputValue(), '');
  await becomes('the draft of the server', () => draft(direct), '');
  await other.composer.pressSequentially('anew');
  await becomes('the draft of the server', () => draft(direct), 'anew');
  await chat.page.reload();
  await becomes('the field', () => chat.composer.inputValue(), 'anew');
  await other.composer.fill('');
  await becomes('the field', () => chat.composer.inputValue(), '');
  await becomes('the draft of the server', () => draft(direct), '');
  assert.deepEqual(await mei.said(direct), ['by a script']);
});

test('a message is planned, changed, sent at once or cancelled, and one that fails says why', async (t) => {
  const { anna, mei, chat, other, direct, room } = await twoDevices(t);
  const { page } = chat;
  await chat.choose('Mei');
  await chat.composer.fill('**tomorrow**');
  await page.getByTestId('send-later').focus();
  await page.keyboard.press('Enter');
  await clean(chat.page, 'the times of a message');
  await page.getByRole('menuitem', { name: /^Tomorrow/ }).click();
  await becomes('the field', () => chat.composer.inputValue(), '');
  const [first] = (await anna.call('GET', '/v1/scheduled')).scheduled;
  const at = new Date(first.send_at);
  assert.deepEqual([first.text, at.getHours(), at.getMinutes()], ['**tomorrow**', 9, 0]);
  assert.ok(first.send_at > Date.now() && first.send_at < Date.now() + 36 * hour_ms);

  // By date, on a keyboard alone.
  await chat.composer.fill('some day');
  await page.getByTestId('send-later').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Send later' });
  await dialog.getByLabel('Date and time').fill('2001-02-03T04:05');
  await dialog.getByText('Choose a time that lies ahead').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Set' }).isDisabled());
  await dialog.getByLabel('Date and time').fill(field(Date.now() + 30 * hour_ms));
  await clean(chat.page, 'the choice of a date');
  await page.keyboard.press('Enter');
  await becomes('the field', () => chat.composer.inputValue(), '');

  // The list on the other device.
  await other.page.getByRole('button', { name: 'Saved' }).click();
  const pane = saved(other);
  await pane.getByRole('tab', { name: 'Scheduled' }).click();
  const kept = pane.getByTestId('kept');
  const texts = () => kept.locator('.text').allInnerTexts();
  await becomes('the planned messages', async () => (await texts()).sort(), ['some day', 'tomorrow']);
  await clean(other.page, 'the planned messages');
  const row = (/** @type {string} */ text) => kept.filter({ hasText: text });
  await row('some day').getByRole('button', { name: 'Edit' }).click();
  const rewriting = other.page.getByRole('dialog', { name: 'Scheduled message' });
  await rewriting.getByLabel('Text').fill('another day');
  await clean(other.page, 'a planned message');
  await rewriting.getByRole('button', { name: 'Save' }).click();
  await rewriting.waitFor({ state: 'detached' });
  await row('another day').getByRole('button', { name: 'Cancel' }).click();
  await becomes('the planned messages', texts, ['tomorrow']);
  await row('tomorrow').getByRole('button', { name: 'Send now' }).click();
  await pane.getByText('Nothing is waiting to be sent').waitFor();
  await chat.shows(['tomorrow']);
  assert.deepEqual(await mei.said(direct), ['**tomorrow**']);

  // One whose time comes while its writer may not write: it is kept with the reason.
  await mei.call('PUT', `/v1/conversations/${room}/members/${anna.id}/mute`, { seconds: 3_600 });
  const path = `/v1/conversations/${room}/scheduled`;
  await anna.call('POST', path, { text: 'not now', send_at: Date.now() + 1_500 });
  await row('not now').getByText('Not sent').waitFor();
  assert.match(await row('not now').locator('.fault').innerText(), /mute/i);
  await clean(other.page, 'what failed');
  await mei.call('DELETE', `/v1/conversations/${room}/members/${anna.id}/mute`);
  await row('not now').getByRole('button', { name: 'Send now' }).click();
  await eventually('it was sent', async () => (await mei.said(room)).includes('not now'));
  await pane.getByText('Nothing is waiting to be sent').waitFor();
});

test('a reminder is told at its time on all devices, put off, dismissed, and leads to its message', async (t) => {
  const { anna, mei, chat, other, direct } = await twoDevices(t);
  const { page } = chat;
  const sent = await mei.say(direct, 'call me back');
  await chat.choose('Mei');
  await message(chat, 'call me back').focus();
  await page.keyboard.press('m');
  const menu = page.getByRole('menu', { name: 'Remind me' });
  await menu.waitFor();
  await clean(chat.page, 'the times of a reminder');
  await page.keyboard.press('Enter');
  await page.getByText(/^You will be reminded: /).waitFor();
  const [made] = (await anna.call('GET', '/v1/reminders')).reminders;
  assert.deepEqual([made.conversation, made.message], [direct, sent.seq]);
  assert.ok(Math.abs(made.at - Date.now() - hour_ms) < 600_000, 'in an hour');

  await page.getByRole('button', { name: 'Saved' }).click();
  const pane = saved(chat);
  await pane.getByRole('tab', { name: 'Reminders' }).click();
  const kept = pane.getByTestId('kept');
  await kept.getByRole('button', { name: 'Mei: call me back' }).waitFor();

  // Its time comes. The other device tells it wherever one is, the pane here shows it as due.
  await anna.call('PATCH', `/v1/reminders/${made.id}`, { at: Date.now() + 1_000 });
  const notice = other.page.getByTestId('due');
  await notice.getByText('call me back').waitFor();
  await clean(other.page, 'a reminder that is due');
  await kept.getByRole('button', { name: 'Done' }).waitFor();
  await clean(chat.page, 'the reminders');
  await notice.getByRole('button', { name: 'Remind me again' }).click();
  await notice.getByRole('menuitem', { name: /^Tomorrow/ }).click();
  await notice.waitFor({ state: 'detached' });
  await kept.getByRole('button', { name: 'Cancel' }).waitFor();
  await anna.call('PATCH', `/v1/reminders/${made.id}`, { at: Date.now() + 1_000 });
  await notice.getByRole('button', { name: 'Mei: call me back' }).click();
  await other.page.locator(`[data-seq="${sent.seq}"].marked`).waitFor();
  await notice.waitFor({ state: 'detached' });

  // It is still there, also after a reload, until it is dismissed.
  await other.page.reload();
  await notice.getByRole('button', { name: 'Done' }).click();
  await notice.waitFor({ state: 'detached' });
  await pane.getByText('No reminders').waitFor();
  assert.deepEqual((await anna.call('GET', '/v1/reminders')).reminders, []);
});

/** @param {Chat} chat @param {string} text */
function message(chat, text) {
  return chat.page.getByTestId('message').filter({ has: chat.page.getByText(text, { exact: true }) });
}

/** The star at a message. @param {Chat} chat @param {string} text */
function mark(chat, text) {
  return chat.page.getByTestId('message').filter({ hasText: text }).getByTitle('Starred');
}

/** @param {Chat} chat @param {string} text @param {RegExp} action */
async function fromMenu(chat, text, action) {
  await message(chat, text).hover();
  await message(chat, text).getByRole('button', { name: 'Actions for this message' }).click();
  await chat.page.getByRole('menuitem', { name: action }).click();
}

/** @param {Chat} chat */
function saved(chat) {
  return chat.page.getByRole('complementary', { name: 'Saved' });
}

/** A time as a field takes it. @param {number} at */
function field(at) {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/**
 * Anna in two browsers, Mei as a script, their conversation and a room of Mei's.
 * @param {import('node:test').TestContext} t
 */
async function twoDevices(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const direct = await anna.direct(mei);
  const room = await mei.room('Orbit', [anna]);
  const chat = await chatOf(t, anna);
  const other = await chatOf(t, await Member.signIn(server.url, 'anna'));
  await chat.entry('Orbit').waitFor();
  await other.entry('Orbit').waitFor();
  return { server, anna, mei, direct, room, chat, other };
}
