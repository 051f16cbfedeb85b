/** Reading a long conversation: links to messages, dates, scrolling far, and the way back to the newest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, openChat } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

const messages = 420;
/** Rows that are drawn at once, whatever is loaded. */
const rows_drawn_max = 200;

test('a long conversation is read from end to end and back, a few rows at a time', async (t) => {
  const { chat, conversation, anna } = await long(t);
  const { page } = chat;
  await chat.choose('Mei');
  const thread = chat.thread('Mei');
  await thread.getByText(`line ${messages}`, { exact: true }).waitFor();
  const drawn = async () => {
    const count = await page.locator('[data-row]').count();
    assert.ok(count <= rows_drawn_max, `${count} rows are drawn`);
  };
  /** The numbers on screen follow each other without a gap. */
  const ordered = async () => {
    const numbers = (await chat.texts()).map((text) => Number(/\d+/.exec(text)?.[0]));
    for (const [index, number] of numbers.entries())
      if (index > 0) assert.equal(number, (numbers[index - 1] ?? 0) + 1);
    return numbers;
  };
  await eventually(
    'the first message',
    async () => {
      await thread.evaluate((element) => element.scrollBy({ top: -1500 }));
      await drawn();
      return (await ordered())[0] === 1;
    },
    30_000,
  );
  // What is said meanwhile moves nothing, and is counted.
  const place = () => thread.evaluate((element) => element.scrollTop);
  await thread.evaluate((element) => element.scrollTo({ top: 200 }));
  const before = await place();
  await anna.other.say(conversation, `line ${messages + 1}`);
  await page.getByRole('button', { name: 'Jump to the latest message, 1 new' }).waitFor();
  assert.equal(await place(), before);

  await eventually(
    'the last message',
    async () => {
      await thread.evaluate((element) => element.scrollBy({ top: 1500 }));
      await drawn();
      const atEnd = await thread.evaluate(
        (element) => element.scrollHeight - element.scrollTop - element.clientHeight < 2,
      );
      return atEnd && (await ordered()).at(-1) === messages + 1;
    },
    30_000,
  );
  await becomes(
    'what is unread',
    async () => (await anna.call('GET', `/v1/conversations/${conversation}`)).conversation.unread,
    0,
  );

  await thread.evaluate((element) => element.scrollTo({ top: 0 }));
  await page.getByRole('button', { name: 'Jump to the latest message' }).click();
  await eventually('the newest is in sight', async () => {
    const box = await page.locator('[data-row=message]').last().boundingBox();
    return box !== null && box.y < 800 && (await ordered()).at(-1) === messages + 1;
  });
});

test('the address of a message opens it in its place, marked, and the newest is one click away', async (t) => {
  const { chat, conversation, server, anna, seqOf } = await long(t);
  const { page } = chat;
  const context = page.context();
  const seq = await seqOf(37);
  const linked = await openChat(context, `${server.url}/#/${conversation}/${seq}`);
  const message = linked.page.locator(`[data-seq="${seq}"]`);
  await message.waitFor();
  await eventually('it is in the middle, and has the focus', async () => {
    const box = await message.boundingBox();
    const focused = await message.evaluate((element) => element === document.activeElement);
    return focused && box !== null && box.y > 150 && box.y < 600;
  });
  assert.match((await message.getAttribute('class')) ?? '', /marked/);
  assert.match(await message.innerText(), /line 37/);
  // Nothing counts as read that nobody has seen.
  await anna.other.say(conversation, 'unseen');
  await linked.page.getByRole('button', { name: 'Jump to the latest message, 1 new' }).click();
  await linked.page.getByTestId('message').last().getByText('unseen').waitFor();
  await becomes(
    'what is unread',
    async () => (await anna.call('GET', `/v1/conversations/${conversation}`)).conversation.unread,
    0,
  );

  // A number that no event has is the nearest one; an address of somebody else's conversation shows nothing.
  await linked.page.goto(`${server.url}/#/${conversation}/999999`);
  await linked.page.getByTestId('message').last().getByText('unseen').waitFor();
  await linked.page.goto(`${server.url}/#/c999/1`);
  await linked.page.getByText('You are not in this conversation.').waitFor();
});

test('a message is copied, linked to and walked to by keys and by mouse', async (t) => {
  const { chat, conversation, server, seqOf } = await long(t, 5);
  const { page } = chat;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await chat.choose('Mei');
  const third = page.locator(`[data-seq="${await seqOf(3)}"]`);
  await third.hover();
  await third.getByRole('button', { name: 'Actions for this message' }).click();
  await page.getByRole('menuitem', { name: /^Copy link/ }).click();
  await becomes('the clipboard', copied, `${server.url}/#/${conversation}/${await seqOf(3)}`);

  await chat.composer.focus();
  await eventually('the message that was used last has the focus', async () => {
    await page.keyboard.press('Shift+Tab');
    return page.evaluate(() => document.activeElement?.getAttribute('data-row') === 'message');
  });
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('c');
  await becomes('the clipboard', copied, 'line 2');
  await page.keyboard.press('Enter');
  await page.getByRole('menu', { name: 'Actions for this message' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-row')), 'message');
});

test('a day leads to another one', async (t) => {
  const { chat, seqOf } = await long(t);
  const { page } = chat;
  await chat.choose('Mei');
  await page.getByTestId('message').last().waitFor();
  await page.keyboard.press('Escape');
  await chat.choose('Mei');
  await eventually('the day', async () => {
    await chat.thread('Mei').evaluate((element) => element.scrollBy({ top: -3000 }));
    return page.getByRole('button', { name: 'Today' }).isVisible();
  });
  await page.getByRole('button', { name: 'Today' }).click();
  const dialog = page.getByRole('dialog', { name: 'Jump to a date' });
  await dialog.getByLabel('Date').fill('2001-02-03');
  await dialog.getByRole('button', { name: 'Jump', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator(`[data-seq="${await seqOf(1)}"]`).waitFor();
  assert.ok(await page.getByText('This is the beginning.').isVisible());
});

/**
 * Anna in a browser, and a conversation in which Mei has said much.
 * @param {import('node:test').TestContext} t
 */
async function long(t, count = messages) {
  const server = await Server.start(t);
  const owner = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await owner.adds('mei', 'Mei');
  const anna = Object.assign(owner, { other: mei });
  const conversation = await anna.direct(mei);
  for (let number = 1; number <= count; number += 1) await mei.say(conversation, `line ${number}`);
  await anna.call('POST', `/v1/conversations/${conversation}/receipts`, { read: count + 1 });
  /** The place of a line in the log. @param {number} number @returns {Promise<number>} */
  const seqOf = async (number) => {
    const page = await anna.call(
      'GET',
      `/v1/conversations/${conversation}/events?after=${number - 1}&limit=3`,
    );
    return page.events.find((/** @type {any} */ event) => event.body.text === `line ${number}`).seq;
  };
  const chat = await chatOf(t, anna);
  return { server, anna, mei, conversation, chat, seqOf };
}
