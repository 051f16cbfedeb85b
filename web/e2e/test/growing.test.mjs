/** Messages that grow: pieces come in over a reload and a hole, somebody asks to stop, and one is broken off. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** Where pictures of the screens go, for who wants to look at them. */
const pictures = process.env['PICTURES'];

test('a message grows on the screen, also over a reload, until it is whole, stopped or broken off', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const bot = await anna.adds('bot', 'Helper');
  const room = await anna.room('Kitchen', [bot]);
  const chat = await chatOf(t, anna);
  await chat.choose('Kitchen');
  const growth = chat.page.getByTestId('growth');
  const text = () => chat.page.getByTestId('message').last().locator('.rich').textContent();

  const first = await open(bot, room);
  await growth.getByText('Writing…').waitFor();
  await first.add('To cook **rice** ');
  await becomes('the first piece', text, 'To cook rice ');
  await chat.page.reload();
  await becomes('the first piece after a reload', text, 'To cook rice ');
  for (const piece of ['you ', 'need ', 'water. ', '<b>水</b>']) await first.add(piece);
  await becomes('all pieces', text, 'To cook rice you need water. <b>水</b>');
  await clean(chat.page, 'a growing message');
  await shot(chat.page, 'growing');
  await first.close();
  await growth.waitFor({ state: 'detached' });
  assert.equal(await text(), 'To cook rice you need water. <b>水</b>');
  assert.equal(await chat.page.getByText('edited').count(), 0);

  const second = await open(bot, room);
  await second.add('Once upon a time');
  await growth.getByRole('button', { name: 'Stop' }).click();
  await growth.getByText('Stopping…').waitFor();
  assert.equal((await second.add(' …')).stop, true);
  await second.close(true);
  await growth.getByText('Stopped').waitFor();
  await becomes('what it has', text, 'Once upon a time …');

  const third = await open(bot, room, { silence_s: 1 });
  await third.add('I was about to');
  await growth.getByText('Broken off').waitFor();
  await clean(chat.page, 'a message that was broken off');
  await shot(chat.page, 'ended');
});

/**
 * Opens a growing message.
 * @param {Member} bot
 * @param {string} room
 */
async function open(bot, room, more = {}) {
  const { seq } = await bot.call('POST', `/v1/conversations/${room}/growing`, more);
  const path = `/v1/conversations/${room}/messages/${seq}`;
  let n = 0;
  return {
    /** @param {string} text @returns {Promise<{ stop: boolean }>} */
    async add(text) {
      n += 1;
      return bot.call('POST', `${path}/pieces`, { n, text });
    },
    close: (stopped = false) => bot.call('POST', `${path}/whole`, { pieces: n, stopped }),
  };
}

/** @param {import('playwright-core').Page} page @param {string} name */
async function shot(page, name) {
  if (pictures === undefined) return;
  for (const scheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: `${pictures}/grow-${name}-${scheme}.png` });
  }
}
