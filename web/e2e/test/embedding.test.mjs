/** A page on another origin uses the SDK with a token: over everything if its origin is allowed, else over nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshBrowser } from '../support/browser.mjs';
import { elsewhere } from '../support/elsewhere.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

const transports = ['websocket', 'sse', 'event-source', 'ndjson', 'long-poll', 'iframe', 'short-poll'];

test('from an allowed origin the API and every transport work with a token', async (t) => {
  const { server, mei, page, conversation, start } = await stage(t, true);
  /** @type {string[]} */
  const expected = [];
  for (const transport of transports) {
    await start(transport);
    await becomes(
      `the phase of ${transport}`,
      () => page.evaluate(() => globalThis.told.phase + globalThis.told.lastError),
      'livenull',
    );
    // A poll has its session only while it is being answered, or for as long as its connection is kept.
    const lasting = transport === 'event-source' ? 'sse' : transport;
    if (lasting !== 'short-poll') await becomes('the sessions', () => server.sessions(), { [lasting]: 1 });

    const [there, here] = [`to ${transport}`, `from ${transport}`];
    expected.push(there, here);
    await mei.say(conversation, there);
    await becomes('what the page was told', () => page.evaluate(() => globalThis.told.texts), [there]);
    await page.evaluate(
      ([id = '', text = '']) => void globalThis.client.send(id, text),
      [conversation, here],
    );
    await becomes('what the page was told', () => page.evaluate(() => globalThis.told.texts), [there, here]);
    await becomes('the log', () => mei.said(conversation), expected);
    await page.evaluate(() => globalThis.client.stop());
    if (lasting !== 'short-poll') await becomes('the sessions', () => server.sessions(), {});
  }
  const history = await page.evaluate(
    async (id) => (await globalThis.client.api.history(id, { limit: 3 })).events.length,
    conversation,
  );
  assert.equal(history, 3);
});

test('from any other origin each of them is refused', async (t) => {
  const { server, anna, token, page, mei, conversation, start } = await stage(t, false);
  for (const transport of transports) {
    await start(transport);
    await becomes('the phase', () => page.evaluate(() => globalThis.told.phase), 'waiting');
    await page.evaluate(() => globalThis.client.stop());
  }

  // Nor with a ticket that it got hold of, past the SDK.
  const ticket = async () => {
    const response = await fetch(`${server.url}/v1/tickets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    return (await response.json()).ticket;
  };
  const feed = async (/** @type {string} */ query) =>
    `${server.url}/v1/feed?ticket=${await ticket()}&cursor=${(await anna.call('GET', '/v1/snapshot')).cursor}${query}`;
  await mei.say(conversation, 'a secret');

  const socket = await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url);
        socket.onmessage = ({ data }) => resolve(data);
        socket.onclose = ({ code }) => resolve(code);
      }),
    (await feed('')).replace('http', 'ws'),
  );
  assert.equal(socket, 1006);

  const source = await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        const source = new EventSource(url);
        source.onmessage = ({ data }) => resolve(data);
        source.onerror = () => {
          resolve('refused');
          source.close();
        };
      }),
    await feed('&live=sse'),
  );
  assert.equal(source, 'refused');

  // The frame's page says why and ends; it posts nothing to an origin that is not allowed.
  const heard = await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        /** @type {unknown[]} */
        const heard = [];
        addEventListener('message', ({ data }) => heard.push(data));
        const frame = document.createElement('iframe');
        frame.onload = () => resolve(heard);
        frame.src = url;
        document.body.append(frame);
      }),
    await feed(`&live=iframe&parent=${encodeURIComponent(new URL(page.url()).origin)}`),
  );
  assert.deepEqual(heard, []);
});

/**
 * Anna's token in the hands of a page elsewhere.
 * @param {import('node:test').TestContext} t
 * @param {boolean} allowed
 */
async function stage(t, allowed) {
  const origin = await elsewhere(t);
  const server = await Server.start(t, '--allowed-origins', allowed ? origin : 'https://example.org');
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  const token = await server.command('token', 'create', '--user', 'anna');
  const context = await freshBrowser(t, { bypassCSP: false });
  const page = await context.newPage();
  await page.goto(origin);
  await page.waitForFunction(() => 'sdk' in globalThis);

  /** A client that may use this transport only. @param {string} transport */
  const start = (transport) =>
    page.evaluate(
      ({ baseUrl, token, transport }) => {
        const { EnckeClient, memoryStorage } = globalThis.sdk;
        const told = (globalThis.told = { phase: '', texts: /** @type {string[]} */ ([]) });
        const client = (globalThis.client = new EnckeClient({
          baseUrl,
          token,
          transports: [transport === 'event-source' ? 'sse' : transport],
          storage: memoryStorage(),
          // Without streamed fetch, server-sent events come by EventSource, which needs a ticket.
          environment: transport === 'event-source' ? { streams: false } : {},
        }));
        client.on('state', (/** @type {any} */ { phase, lastError }) =>
          Object.assign(told, { phase, lastError }),
        );
        client.on(
          'event',
          (/** @type {any} */ { kind, body }) => kind === 'message' && told.texts.push(body.text),
        );
        client.start();
      },
      { baseUrl: server.url, token, transport },
    );
  return { server, anna, mei, conversation, token, page, start };
}
