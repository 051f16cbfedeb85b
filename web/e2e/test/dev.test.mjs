/** `make dev` puts Vite in front of the server. Vite serves the page's sources and hands everything else to the server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { freshBrowser, openChat } from '../support/browser.mjs';
import { Member, password } from '../support/member.mjs';
import { Server } from '../support/server.mjs';

const chat = fileURLToPath(new URL('../../chat', import.meta.url));

test('behind Vite two people talk over a WebSocket and over streams', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  process.env['ENCKE_SERVER'] = server.url;
  // A cache of its own: whoever has `make dev` running has another.
  const vite = await createServer({
    root: chat,
    configFile: `${chat}/vite.config.ts`,
    cacheDir: `${server.data}/vite`,
    logLevel: 'silent',
    server: { host: 'localhost', port: 0 },
  });
  t.after(() => vite.close());
  await vite.listen();
  const url = vite.resolvedUrls?.local[0] ?? '';
  assert.match(url, /^http:\/\/localhost:\d+\/$/);

  // The first page waits until Vite has compiled every source, which takes long on a busy machine.
  const first = await freshBrowser(t);
  first.setDefaultNavigationTimeout(90_000);
  const one = await openChat(first, url);
  await one.signIn('anna', password);
  await one.isLiveOver('websocket');
  const two = await openChat(await freshBrowser(t), url);
  await two.signIn('anna', password);
  await two.chooseTransport('sse');
  await two.isLiveOver('sse');

  await anna.room('Orbit', []);
  await one.choose('Orbit');
  await two.choose('Orbit');
  await one.say('through the proxy');
  await two.shows(['through the proxy']);
  await two.chooseTransport('ndjson');
  await two.isLiveOver('ndjson');
  await one.say('piece by piece');
  await two.shows(['through the proxy', 'piece by piece']);
});
