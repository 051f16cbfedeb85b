/** Each program in examples/ runs as its readers run it. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freshBrowser } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
const bot = fileURLToPath(new URL('../../../target/debug/encke-example-bot', import.meta.url));
/** The size that the SDK's script may have on the wire. */
const bundle_bytes_max = 16 * 1024;

test('a page with one script tag shows what PHP and Node post', async (t) => {
  // The page lies on another port, as if on www.example.com beside chat.example.com: another origin of the same site.
  let page_text = '';
  const site = http.createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end(page_text),
  );
  await new Promise((resolve) => site.listen(0, '127.0.0.1', () => resolve(undefined)));
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (site.address());
  const origin = `http://localhost:${port}`;
  const server = await Server.start(t, '--allowed-origins', origin);
  const owner = await Member.owner(server.url, 'anna', 'Anna');
  await owner.call('PATCH', '/v1/settings', { guests: true, guest_channels: ['news'] });
  const source = await readFile(`${examples}page/index.html`, 'utf8');
  assert.equal(source.split('http://localhost:8080').length, 2);
  page_text = source.replace('http://localhost:8080', server.url.replace('127.0.0.1', 'localhost'));

  const page = await (await freshBrowser(t)).newPage();
  await page.goto(origin);
  await page.getByText('live', { exact: true }).waitFor();

  const env = {
    ...process.env,
    ENCKE_URL: server.url,
    ENCKE_TOKEN: await server.command('token', 'create', '--bot', 'deploys'),
  };
  const run = promisify(execFile);
  const php = await run('php', [`${examples}php/publish.php`, 'news', '来自 PHP <b>'], { env });
  assert.equal(php.stdout, 'Stored as number 1 of news.\n');
  const node = await run(process.execPath, [`${examples}node/publish.mjs`, 'news', 'v1.2 is live'], { env });
  assert.equal(node.stdout, 'Stored as number 2 of news.\n');
  await becomes('the page', () => page.getByRole('listitem').allTextContents(), [
    'Node: v1.2 is live',
    'PHP: 来自 PHP <b>',
  ]);
  // A refusal is reported, and not tried for ever.
  const stranger = { ...env, ENCKE_TOKEN: 'no token' };
  await assert.rejects(run('php', [`${examples}php/publish.php`, 'news', 'x'], { env: stranger }));
  await assert.rejects(
    run(process.execPath, [`${examples}node/publish.mjs`, 'news', 'x'], { env: stranger }),
  );
});

test('the script of the SDK is small, keeps its address, and is fetched again only when it changed', async (t) => {
  const server = await Server.start(t);
  const ask = (/** @type {Record<string, string>} */ headers) =>
    new Promise((resolve, reject) => {
      http
        .get(`${server.url}/encke.js`, { headers }, (response) => {
          let bytes = 0;
          response.on('data', (piece) => (bytes += piece.length));
          response.on('end', () => resolve({ ...response.headers, status: response.statusCode, bytes }));
        })
        .on('error', reject);
    });
  const packed = await ask({ 'accept-encoding': 'gzip' });
  assert.equal(packed.status, 200);
  assert.equal(packed['content-encoding'], 'gzip');
  assert.match(packed['content-type'], /^text\/javascript/);
  assert.equal(packed['cache-control'], 'no-cache');
  assert.ok(packed.bytes <= bundle_bytes_max, `encke.js has ${packed.bytes} bytes under gzip`);
  const again = await ask({ 'if-none-match': packed.etag });
  assert.deepEqual([again.status, again.bytes], [304, 0]);
});

test('the bot in Rust accepts an invitation and answers once, also what was asked while it was away', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const token = await server.command('token', 'create', '--bot', 'dice');
  const env = {
    ...process.env,
    ENCKE_URL: server.url,
    ENCKE_TOKEN: token,
    ENCKE_CURSOR_FILE: `${server.data}/cursor`,
  };
  const start = async () => {
    const child = spawn(bot, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`The bot ended with ${code}.`)));
      child.stdout.once('data', resolve);
    });
    return child;
  };
  const first = await start();
  const headers = { authorization: `Bearer ${token}` };
  const { me, cursor } = /** @type {any} */ (
    await (await fetch(`${server.url}/v1/snapshot`, { headers })).json()
  );
  const room = await anna.room('Games', []);
  await anna.call('POST', `/v1/conversations/${room}/members`, { person: me.id });
  await anna.say(room, '!help');
  const known = 'I know !dice and !help.';
  await becomes('the room', () => anna.said(room), ['!help', known]);

  // The bot answers what was asked while it was away. It answers nothing twice, even with a cursor from before all of it.
  first.kill('SIGKILL');
  await anna.say(room, 'hello');
  await anna.say(room, '!help');
  await writeFile(env.ENCKE_CURSOR_FILE, cursor);
  await start();
  await becomes('the room', () => anna.said(room), ['!help', known, 'hello', '!help', known]);
});
