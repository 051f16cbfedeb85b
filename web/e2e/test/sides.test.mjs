/** Several conversations side by side, where the window is wide enough. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('conversations stand side by side, are read and written in there, and stay over a visit', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const [mei, lin] = [await anna.adds('mei', 'Mei'), await anna.adds('lin', '林晓雨')];
  const [withMei, withLin] = [await anna.direct(mei), await anna.direct(lin)];
  const room = await anna.room('Orbit', [mei, lin]);
  await mei.say(withMei, 'hello from Mei');
  await lin.say(withLin, '你好');
  const chat = await chatOf(t, anna, { viewport: { width: 1700, height: 900 } });
  const { page } = chat;
  const side = (/** @type {string} */ title) =>
    page.getByRole('region', { name: `Beside: ${title}`, exact: true });
  const openBeside = async (/** @type {string} */ title) => {
    await chat.entry(title).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Open beside the other one' }).click();
    await side(title).waitFor();
  };

  await chat.choose('Orbit');
  await openBeside('Mei');
  await openBeside('林晓雨');
  await side('Mei').getByText('hello from Mei').waitFor();
  await side('林晓雨').getByText('你好').waitFor();
  await becomes('Mei is read', () => chat.unread('Mei'), '');

  // Each has a field of its own, and what comes is shown in all of them.
  await side('Mei').getByRole('textbox').fill('an answer at the side');
  await side('Mei').getByRole('textbox').press('Enter');
  const inTheMiddle = page.getByRole('textbox', { name: 'Message to Orbit' });
  await inTheMiddle.fill('and one in the middle');
  await inTheMiddle.press('Enter');
  await eventually('Mei has it', async () => (await mei.said(withMei)).includes('an answer at the side'));
  await eventually('the room has it', async () => (await mei.said(room)).includes('and one in the middle'));
  await lin.say(withLin, '再见');
  await side('林晓雨').getByText('再见').waitFor();
  await becomes('it is read', () => chat.unread('林晓雨'), '');

  // A screen reader hears what comes where the focus is.
  const announcer = page.getByTestId('announcer');
  await side('林晓雨').getByRole('textbox').focus();
  await mei.say(room, 'said in the middle');
  await lin.say(withLin, '在旁边');
  await becomes('the side is heard', () => announcer.textContent(), '林晓雨: 在旁边');
  await inTheMiddle.focus();
  await becomes('nothing old is said again', () => announcer.textContent(), '');
  await lin.say(withLin, '没人听');
  await mei.say(room, 'heard again');
  await becomes('the middle is heard', () => announcer.textContent(), 'Mei: heard again');

  // The one in the middle is not shown twice, and its place at the side is kept.
  await side('Mei').getByRole('link', { name: 'Mei', exact: true }).click();
  await chat.thread('Mei').getByText('an answer at the side').waitFor();
  await becomes('the sides', () => page.getByTestId('side').count(), 1);
  await chat.choose('Orbit');
  await side('Mei').waitFor();

  await page.reload();
  await side('Mei').getByText('hello from Mei').waitFor();
  await side('林晓雨').waitFor();

  // A narrower window has room for fewer, a narrow one for none.
  await page.setViewportSize({ width: 1200, height: 900 });
  await becomes('the sides', () => page.getByTestId('side').count(), 1);
  await page.setViewportSize({ width: 1000, height: 900 });
  await becomes('the sides', () => page.getByTestId('side').count(), 0);
  await page.setViewportSize({ width: 1700, height: 900 });
  await becomes('the sides', () => page.getByTestId('side').count(), 2);

  await page.getByRole('button', { name: 'Close Mei' }).click();
  await becomes('the sides', () => page.getByTestId('side').count(), 1);
  await chat.fromAccountMenu('Sign out');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.deepEqual(
    await page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('encke.sides'))),
    [],
  );
});
