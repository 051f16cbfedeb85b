/** A message that somebody sends on: by the menu and the keys, to conversations and people, with its author's name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';

test('a message goes into several conversations at once, and says whose it was but not where', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const xiaoyu = await anna.adds('xiaoyu', '林晓雨');
  const secret = await anna.room('Secret plans', [mei]);
  const kitchen = await anna.room('Kitchen', [xiaoyu]);
  await mei.say(secret, `Lunch at noon, <@${anna.id}>?`);
  const chat = await chatOf(t, anna);
  await chat.choose('Secret plans');
  await chat.shows(['Lunch at noon, @Anna?']);

  await chat.page.getByTestId('message').last().focus();
  await chat.page.keyboard.press('f');
  const dialog = chat.page.getByRole('dialog', { name: 'Forward' });
  const field = dialog.getByRole('combobox', { name: 'A conversation or a person' });
  await dialog.getByText('Lunch at noon, @Anna?').waitFor();
  await field.fill('kitch');
  await dialog.getByRole('option', { name: 'Kitchen' }).waitFor();
  await field.press('Enter');
  // Somebody with whom there is no conversation yet, by pinyin.
  await field.fill('linxiao');
  await dialog.getByRole('option', { name: '林晓雨' }).click();
  await dialog.getByRole('button', { name: 'Forward (2)' }).click();
  await dialog.waitFor({ state: 'detached' });
  await chat.page.getByText('The message is forwarded to 2 conversations.').waitFor();

  const theirs = await chatOf(t, xiaoyu);
  for (const title of ['Kitchen', 'Anna']) {
    await theirs.choose(title);
    await theirs.shows(['Lunch at noon, @Anna?']);
    await theirs.page.getByTestId('message').getByText('Forwarded from Mei').waitFor();
  }
  assert.equal(await theirs.page.getByText('Secret plans').count(), 0);
  const page = await xiaoyu.call('GET', `/v1/conversations/${kitchen}/events`);
  assert.equal(page.events.at(-1).body.mentions, undefined);

  // The words are Mei's, so Anna can't write them anew.
  await chat.choose('Kitchen');
  const copy = chat.page.getByTestId('message').last();
  await copy.hover();
  await copy.getByRole('button', { name: 'Actions for this message' }).click();
  await chat.page.getByRole('menuitem', { name: /^Forward/ }).waitFor();
  assert.equal(await chat.page.getByRole('menuitem', { name: /^Edit/ }).count(), 0);
});
