/** The server dies without a word while people write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('killed and started again while two people write: nothing lost, nothing twice, in order', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  const annas = await chatOf(t, anna);
  const meis = await chatOf(t, mei);
  await annas.choose('Mei');
  await meis.choose('Anna');
  await annas.isLiveOver('websocket');
  await meis.isLiveOver('websocket');

  const count = 60;
  const texts = (/** @type {string} */ name) => Array.from({ length: count }, (_, i) => `${name} ${i + 1}`);
  const write = async (
    /** @type {import('../support/chat.mjs').Chat} */ chat,
    /** @type {string} */ name,
  ) => {
    for (const text of texts(name)) await chat.say(text);
  };
  const writing = Promise.all([write(annas, 'anna'), write(meis, 'mei')]);
  for (const seen of [20, 50]) {
    await eventually(`${seen} are on screen`, async () => (await annas.texts()).length >= seen, 30_000);
    await server.end('SIGKILL');
    await server.again();
  }
  await writing;

  await eventually(
    'all are in the log',
    async () => (await anna.said(conversation)).length >= 2 * count,
    60_000,
  );
  const log = await anna.said(conversation);
  for (const name of ['anna', 'mei']) {
    assert.deepEqual(
      log.filter((text) => text.startsWith(name)),
      texts(name),
    );
  }
  assert.equal(log.length, 2 * count);
  await annas.shows(log, 30_000);
  await meis.shows(log, 30_000);
  for (const chat of [annas, meis]) {
    await becomes('the ticks', () => chat.ticks(), Array(count).fill('read'), 20_000);
  }
});
