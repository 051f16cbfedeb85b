/**
 * What a person waits for on the screen, and files of a gigabyte. `benches/screen` says how to start it.
 *
 * Parts: `load` (the first load, on a CPU four times slower), `lighthouse` (its four marks), `scroll` (back through 10,000 messages), `list` (a person with
 * 10,000 conversations on a site of 50,000 people), `file` (a file up and down).
 */
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { chatOf, executable, freshBrowser, openChat } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { cpu_s, memory_mib, quantile, row, task_ms_max, tasks } from './figures.mjs';

const parts = (process.env['PARTS'] ?? 'load lighthouse scroll list file').split(' ');
const rounds = Number(process.env['ROUNDS'] ?? 3);
const messages = 10_000;
const people = 50_000;
const conversations = 10_000;
const file_mib = Number(process.env['FILE_MIB'] ?? 1_024);
const slow_down = 4;
const seed = fileURLToPath(new URL('../../../target/release/seed', import.meta.url));
/** Requests that set the stage, at one time. */
const at_once = 64;
const mib = 1024 * 1024;
/** Bytes of a request of an upload, as the SDK sends them. */
const piece_bytes = 40 * mib;

/** Does the numbers from 0 on, some at one time. @param {number} count @param {(number: number) => Promise<unknown>} act */
async function each(count, act) {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: at_once }, worker));
}

/** Words as people mix them, so that lines wrap and signs of several fonts are drawn. @param {number} number */
function words(number) {
  const said = [
    'the parcel is on its way',
    '明天下午开会',
    'see **section 4**',
    '收到，谢谢！',
    'https://example.com/a/b',
    '🚀',
  ];
  return Array.from({ length: 1 + (number % 7) }, (_, n) => said[(number * 5 + n) % said.length]).join(' ');
}

function title(/** @type {string} */ text, /** @type {string[]} */ columns) {
  console.log(`\n## ${text}\n`);
  row(...columns);
  row(...columns.map(() => '---'));
}

const part = (
  /** @type {string} */ name,
  /** @type {(t: import('node:test').TestContext) => Promise<void>} */ run,
) => test(name, { skip: !parts.includes(name), timeout: 1_800_000 }, run);

part('load', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const room = await anna.room('Bench', []);
  for (let number = 0; number < 60; number += 1) await anna.say(room, words(number));
  title(`First load, CPU ${slow_down} times slower`, [
    'round',
    'KB over the network',
    'list, ms',
    'can write, ms',
    'blocked, ms',
  ]);
  for (let round = 1; round <= rounds; round += 1) {
    const context = await freshBrowser(t);
    const [name = '', value = ''] = anna.cookie.split('=');
    await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Lax' }]);
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    let bytes = 0;
    cdp.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await cdp.send('Network.enable');
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: slow_down });
    await page.addInitScript(() => {
      window.blocked = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.blocked += duration - 50;
      }).observe({ type: 'longtask', buffered: true });
    });
    const began = performance.now();
    await page.goto(`${server.url}/#/${room}`, { waitUntil: 'commit' });
    await page.getByTestId('conversation').first().waitFor();
    const list_ms = performance.now() - began;
    const composer = page.getByRole('textbox', { name: /^Message to / });
    await composer.fill('x');
    const write_ms = performance.now() - began;
    row(round, bytes / 1000, list_ms, write_ms, await page.evaluate(() => window.blocked));
    await context.close();
  }
});

part('lighthouse', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const room = await anna.room('Bench', []);
  for (let number = 0; number < 60; number += 1) await anna.say(room, words(number));
  const pages = { 'sign-in': '/', conversation: `/#/${room}` };
  title('Lighthouse', ['page', 'performance', 'accessibility', 'best practices', 'SEO']);
  for (const [name, path] of Object.entries(pages)) {
    const report = lighthouse(server.url + path, name === 'sign-in' ? '' : anna.cookie);
    const marks = ['performance', 'accessibility', 'best-practices', 'seo'];
    row(name, ...marks.map((mark) => 100 * report.categories[mark].score));
    for (const { id, score, title: what, details } of Object.values(report.audits))
      if (score !== null && score < 0.9)
        console.log(`${id}: ${what}`, JSON.stringify(details?.items ?? []).slice(0, 400));
  }
});

/** Its report, from a browser that it starts. @param {string} url @param {string} cookie @returns {any} */
function lighthouse(url, cookie) {
  const headers = cookie === '' ? [] : ['--extra-headers', JSON.stringify({ Cookie: cookie })];
  const flags =
    '--chrome-flags=--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking';
  const asked = ['--yes', 'lighthouse@12', url, '--quiet', '--output=json', flags, ...headers];
  const env = { ...process.env, CHROME_PATH: executable() };
  return JSON.parse(execFileSync('npx', asked, { env, encoding: 'utf8', maxBuffer: 64 * mib }));
}

part('scroll', async (t) => {
  const server = await Server.start(t, '--quota-owner', 'off');
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const room = await anna.room('Bench', []);
  await each(messages, (number) => anna.say(room, words(number)));
  const chat = await chatOf(t, anna);
  await chat.choose('Bench');
  const { page } = chat;
  await page.getByTestId('message').last().waitFor();
  await page.mouse.move(800, 400);
  const browser = page.context().browser();
  if (browser === null) throw new Error('The context has no browser.');
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', '__metadata'] });
  const began = performance.now();
  const first = page
    .locator('[data-testid=message]')
    .filter({ hasText: words(0) })
    .first();
  for (;;) {
    await page.mouse.wheel(0, -1_500);
    await page.waitForTimeout(16);
    const seq = await page.evaluate(() =>
      Number(document.querySelector('[data-seq]')?.getAttribute('data-seq') ?? 0),
    );
    if (seq > 0 && seq <= 3) break;
    if (performance.now() - began > 600_000) throw new Error(`Only at message ${seq} after ten minutes.`);
  }
  await first.waitFor();
  const seconds = (performance.now() - began) / 1000;
  const all = tasks(await browser.stopTracing());
  title(`Back through ${messages.toLocaleString('en')} messages`, [
    'seconds',
    'tasks',
    'longest, ms',
    `over ${task_ms_max} ms`,
    '99 %, ms',
  ]);
  row(seconds, all.length, all[0] ?? 0, all.filter((ms) => ms > task_ms_max).length, quantile(all, 0.99));
});

part('list', async (t) => {
  const server = await Server.start(t, '--quota-owner', 'off');
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  await each(conversations, (number) => anna.room(`Room ${number}`, []));
  await server.end('SIGTERM');
  execFileSync(seed, ['--data', server.data, '--people', String(people)]);
  await server.again();
  title(
    `A person with ${conversations.toLocaleString('en')} conversations, a site of ${people.toLocaleString('en')} people`,
    ['round', 'list on the screen, ms', 'longest task, ms', 'CPU of the server, ms'],
  );
  for (let round = 1; round <= rounds; round += 1) {
    const context = await freshBrowser(t);
    const [name = '', value = ''] = anna.cookie.split('=');
    await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Lax' }]);
    const before = await cpu_s(server.pid);
    const browser = context.browser();
    await browser?.startTracing(undefined, { categories: ['toplevel', '__metadata'] });
    const began = performance.now();
    const { page } = await openChat(context, server.url);
    await page.getByTestId('conversation').first().waitFor();
    const list_ms = performance.now() - began;
    const [longest = 0] = browser ? tasks(await browser.stopTracing()) : [];
    row(round, list_ms, longest, 1000 * ((await cpu_s(server.pid)) - before));
    await context.close();
  }
});

part('file', async (t) => {
  const server = await Server.start(t, '--quota-owner', 'off');
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const room = await anna.room('Bench', []);
  const bytes = file_mib * mib;
  const path = join(server.data, 'source');
  const block = randomFillSync(Buffer.alloc(mib));
  const headers = { origin: server.url, cookie: anna.cookie };
  const speed = (/** @type {number} */ began) => file_mib / ((performance.now() - began) / 1000);

  /** @param {string} url */
  const put = async (url) => {
    const began = performance.now();
    for (let offset = 0; offset < bytes; offset += piece_bytes) {
      const end = Math.min(offset + piece_bytes, bytes) - 1;
      /** What Node takes beyond the types of browsers. @type {any} */
      const streamed = {
        body: createReadStream(path, { start: offset, end, highWaterMark: mib }),
        duplex: 'half',
      };
      const answer = await fetch(url, {
        method: 'PATCH',
        headers: {
          ...headers,
          'content-type': 'application/octet-stream',
          'content-length': String(end - offset + 1),
          'upload-offset': String(offset),
        },
        ...streamed,
      });
      if (!answer.ok) throw new Error(`PATCH: ${answer.status} ${await answer.text()}`);
    }
    return speed(began);
  };

  // The floors: the same bytes written and brought to the disk, and sent to a server that drops them.
  const began_disk = performance.now();
  const source = await open(path, 'w');
  for (let n = 0; n < file_mib; n += 1) await source.write(block);
  await source.sync();
  await source.close();
  const disk = speed(began_disk);
  const drain = new Worker(new URL('drain.mjs', import.meta.url));
  t.after(() => drain.terminate());
  const [port] = await once(drain, 'message');
  const loopback = await put(`http://127.0.0.1:${port}/`);

  let most = 0;
  const before = await memory_mib(server.pid);
  const watch = setInterval(
    async () => (most = Math.max(most, await memory_mib(server.pid).catch(() => 0))),
    50,
  );
  t.after(() => clearInterval(watch));
  const begun = await anna.call('POST', '/v1/files', { name: 'gigabyte.bin', bytes });
  const cpu_before = await cpu_s(server.pid);
  const up = await put(server.url + begun.url);
  const cpu_up = (await cpu_s(server.pid)) - cpu_before;
  await anna.sends(room, 'here it is', [begun.id]);

  const began_down = performance.now();
  const answer = await fetch(`${server.url}/v1/files/${begun.id}`, { headers });
  if (!answer.ok || answer.body === null) throw new Error(`GET: ${answer.status} ${await answer.text()}`);
  let got = 0;
  for await (const piece of answer.body) {
    for (let at = 0; at < piece.length;) {
      const from = (got + at) % mib;
      const length = Math.min(mib - from, piece.length - at);
      if (block.compare(piece, at, at + length, from, from + length) !== 0)
        throw new Error('Other bytes came back.');
      at += length;
    }
    got += piece.length;
  }
  const down = speed(began_down);
  if (got !== bytes) throw new Error(`${got} bytes of ${bytes} came back.`);
  clearInterval(watch);
  title(`A file of ${file_mib} MiB`, [
    'disk alone, MiB/s',
    'loopback alone, MiB/s',
    'up, MiB/s',
    'CPU of the server, s',
    'down, MiB/s',
    'server before, MiB',
    'at most, MiB',
  ]);
  row(disk, loopback, up, cpu_up, down, before, most);
});
