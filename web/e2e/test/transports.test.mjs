/** Messages arrive once each and in order over whichever transports the network lets through. */
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** @typedef {import('../support/proxy.mjs').TransportName} TransportName */
/** @typedef {import('../support/proxy.mjs').Treatment} Treatment */

const bestFirst = /** @type {TransportName[]} */ ([
  'websocket',
  'sse',
  'ndjson',
  'long-poll',
  'iframe',
  'short-poll',
]);

test('each transport in turn stops getting through, and the next one takes over', async (t) => {
  const { mei, chat, proxy, conversation, expected, both } = await behindProxy(t);
  await chat.isLiveOver('websocket');
  await both();

  /** @type {[TransportName, Treatment][]} */
  const misfortunes = [
    ['websocket', 'reset'],
    ['sse', 'hole'],
    ['ndjson', 'buffer'],
    ['long-poll', 'refuse'],
    ['iframe', 'refuse'],
  ];
  for (const [index, [transport, treatment]] of misfortunes.entries()) {
    proxy.treat(transport, treatment);
    const text = `written while ${transport} ends`;
    expected.push(text);
    await mei.say(conversation, text);
    await chat.isLiveOver(bestFirst[index + 1] ?? '', 30_000);
    await both();
  }
});

for (const treatment of /** @type {Treatment[]} */ (['reset', 'refuse', 'hole', 'buffer'])) {
  test(`a page that opens where WebSockets get "${treatment}" goes on over server-sent events`, async (t) => {
    const { chat, both, proxy } = await behindProxy(t, { websocket: treatment });
    await chat.isLiveOver('sse');
    await both();
    await chat.page.reload();
    // It is known by now what gets through.
    await chat.isLiveOver('sse', 3_000);
    proxy.treat('websocket', 'pass');
  });
}

test('a page that opens where every stream is buffered goes on over long poll', async (t) => {
  const { chat, both } = await behindProxy(t, { websocket: 'refuse', sse: 'buffer', ndjson: 'buffer' });
  await chat.isLiveOver('long-poll', 20_000);
  await both();
});

test('a frame that was cut, of which a page hears nothing, is replaced when a message does not come back', async (t) => {
  const blocked = { websocket: 'refuse', sse: 'refuse', ndjson: 'refuse', 'long-poll': 'refuse' };
  const { mei, chat, proxy, conversation, expected, both } = await behindProxy(
    t,
    /** @type {any} */ (blocked),
  );
  await chat.isLiveOver('iframe', 20_000);
  await both();
  proxy.treat('iframe', 'pass');
  await mei.say(conversation, 'unheard');
  await chat.say('Are you there?');
  expected.push('unheard', 'Are you there?');
  await chat.shows(expected);
  await both();
});

test('a frame that was reset is noticed by a page that sends nothing', async (t) => {
  const { mei, chat, proxy, conversation, expected, both } = await behindProxy(t);
  await chat.chooseTransport('iframe');
  await chat.isLiveOver('iframe');
  await both();
  proxy.treat('iframe', 'reset');
  proxy.treat('iframe', 'pass');
  expected.push('said while nobody heard');
  await mei.say(conversation, 'said while nobody heard');
  // It was 55 s before a page could know.
  await chat.shows(expected);
});

test('every transport can be chosen in the menu, and both sides are heard over it', async (t) => {
  const { chat, both } = await behindProxy(t);
  for (const transport of [...bestFirst].reverse()) {
    await chat.chooseTransport(transport);
    await chat.isLiveOver(transport);
    await both();
  }
  await chat.chooseTransport('iframe');
  await chat.isLiveOver('iframe');
  await chat.page.reload();
  await chat.isLiveOver('iframe');
  await chat.chooseTransport('auto');
  await chat.isLiveOver('websocket');
  await both();
});

/**
 * Anna's browser reaches the server only through a proxy; Mei is a script that reaches it directly.
 * @param {import('node:test').TestContext} t
 * @param {Partial<Record<TransportName, Treatment>>} treatments
 */
async function behindProxy(t, treatments = {}) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  const proxy = await Proxy.start(t, server.url);
  for (const [transport, treatment] of Object.entries(treatments)) {
    proxy.treat(/** @type {TransportName} */ (transport), treatment);
  }
  const chat = await chatOf(t, anna, { url: proxy.url });
  await chat.choose('Mei');

  /** @type {string[]} */
  const expected = [];
  /** Some from each side; then the screen and the server's log hold all that was ever written, in one order. */
  const both = async () => {
    for (let count = 0; count < 2; count += 1) {
      const [own, other] = [`own ${expected.length}`, `other ${expected.length}`];
      expected.push(own, other);
      await chat.say(own);
      await becomes('the log', () => mei.said(conversation), expected.slice(0, -1));
      await mei.say(conversation, other);
      await chat.shows(expected);
    }
    // An answer counts as having read.
    await becomes('the ticks', async () => [...new Set(await chat.ticks())], ['read']);
  };
  return { server, anna, mei, chat, proxy, conversation, expected, both };
}
