/** The server is away: the page opens all the same, shows the newest of what one had, and sends later what is written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, openChat } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

/** Everything that the browser keeps for a time without the server. */
const kept = (/** @type {import('playwright-core').Page} */ page) =>
  page.evaluate(async () => {
    const texts = [];
    for (const name of ['encke.offline', 'encke.page']) {
      if (!(await caches.has(name))) continue;
      const cache = await caches.open(name);
      for (const request of await cache.keys())
        texts.push(`${request.url}\n${await (await cache.match(request))?.text()}`);
    }
    return texts.join('\n');
  });

test('without the server the page opens with what was last there, and what is written goes out once it is back', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  await mei.say(conversation, 'the train leaves at nine');
  const gone = await mei.say(conversation, 'my umbrella is red');
  await mei.say(conversation, '三号站台见');
  const chat = await chatOf(t, anna);
  const { page } = chat;
  const context = page.context();
  await chat.choose('Mei');
  await eventually('the page is kept', async () => /umbrella/.test(await kept(page)), 30_000);
  await eventually('its files are kept', async () => /assets\/words-en/.test(await kept(page)), 30_000);

  await mei.call('DELETE', `/v1/conversations/${conversation}/messages/${gone.seq}`);
  await eventually('a recalled message is not kept', async () => !/umbrella/.test(await kept(page)), 30_000);

  await page.close();
  await server.end('SIGKILL');
  const offline = await openChat(context, server.url);
  await offline.choose('Mei');
  await becomes('the messages', () => offline.texts(), ['the train leaves at nine', '三号站台见']);
  await offline.say('see you there');
  await offline.say('I bring the tickets');
  await becomes('what was written', async () => (await offline.texts()).length, 4);
  // What waits survives another visit without the server.
  await offline.page.reload();
  await becomes('what was written', async () => (await offline.texts()).length, 4);

  await server.again();
  await offline.isLiveOver('websocket', 60_000);
  const all = ['the train leaves at nine', '三号站台见', 'see you there', 'I bring the tickets'];
  await eventually('all is sent', async () => (await mei.said(conversation)).length >= 4, 30_000);
  assert.deepEqual(await mei.said(conversation), all);
  await offline.shows(all);
});

test('who signs out, or is signed out elsewhere, leaves nothing behind', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  await mei.say(conversation, 'between the two of us');
  const chat = await chatOf(t, anna);
  await chat.choose('Mei');
  const holds = async () => /between the two/.test(await kept(chat.page));
  await eventually('the conversation is kept', holds, 30_000);
  await chat.fromAccountMenu('Sign out');
  await chat.page.getByRole('button', { name: 'Sign in' }).waitFor();
  await eventually('nothing is kept', async () => !(await holds()));

  const again = await Member.signIn(server.url, 'anna');
  const second = await chatOf(t, again);
  await second.choose('Mei');
  const holdsNow = async () => /between the two/.test(await kept(second.page));
  await eventually('the conversation is kept', holdsNow, 30_000);
  // The session ends while no page is open.
  const context = second.page.context();
  await second.page.close();
  await again.call('POST', '/v1/sign-out', {});
  const third = await openChat(context, server.url);
  await third.page.getByRole('button', { name: 'Sign in' }).waitFor();
  await eventually('nothing is kept', async () => !/between the two/.test(await kept(third.page)));
});
