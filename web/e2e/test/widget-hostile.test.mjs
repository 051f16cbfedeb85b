/** The widget among pages that mean ill: what others say to it, what is written into every field, and who may frame it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshBrowser } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { shop } from '../support/shop.mjs';
import { becomes, eventually } from '../support/wait.mjs';
import { Widget } from '../support/widget.mjs';

const evil =
  '<img src=x onerror="window.stolen=1"><script>window.stolen=1</script>\u202egnp.exe {{7*7}} ${1}';

test('whatever stands in a field is text, for the visitor and for the agent', async (t) => {
  const { anna, desk, origin } = await stage(t);
  const form = [{ name: 'who', kind: 'text', label: { en: evil, 'zh-CN': evil }, required: true }];
  const settings = { greeting: { en: evil, 'zh-CN': evil }, offline: { en: evil, 'zh-CN': evil }, form };
  await anna.call('PATCH', `/v1/desks/${desk.id}`, { name: evil.slice(0, 70), settings });
  const { page, widget } = await visit(
    t,
    `${origin}/?q=<script>alert(1)</script>#/${encodeURIComponent(evil)}`,
  );
  await page.evaluate((text) => {
    document.title = text;
    const api = /** @type {any} */ (window).EnckeDesk;
    api.identify({ name: text, plan: text, __proto__: null, constructor: text, nested: { a: 1 }, run: 'x' });
    api.identify({ cannot: () => 'be copied' });
    api.card({ title: text, price: text, url: 'javascript:alert(1)', picture: 'javascript:alert(1)' });
  }, evil);
  await widget.text.waitFor();
  await widget.frame.locator('.greeting').getByText('<img src=x').waitFor();
  await widget.frame.locator('.form input').fill(evil);
  await widget.say(`${evil}\n[a link](javascript:alert(1)) <https://example.org>`);
  await becomes('the number of messages', async () => (await widget.texts()).length, 1);
  // The row of the question is drawn anew when the server has it.
  await becomes('its text', async () => (await widget.texts())[0]?.startsWith(evil.slice(0, 40)), true);
  assert.equal(await widget.frame.locator('.rows a[href^="javascript"]').count(), 0);
  const ticket = await eventually('a ticket', async () => {
    const { tickets } = await anna.call('GET', `/v1/desks/${desk.id}/tickets?view=unassigned&state=open`);
    return tickets[0]?.ticket.id;
  });
  await anna.say(ticket, evil);
  await becomes('the number of messages', async () => (await widget.texts()).length, 2);
  await widget.frame.locator('.handed').getByRole('button', { name: 'Send' }).click();
  await becomes('the cards', () => widget.frame.locator('.rows .product').count(), 1);
  assert.equal(await widget.frame.locator('.rows .product a').count(), 0);
  for (const frame of page.frames())
    assert.equal(
      await frame.evaluate(() => 'stolen' in window || document.querySelector('.row img') !== null),
      false,
    );
});

test('nobody but the page itself is heard, and nobody else is told anything', async (t) => {
  const { origin } = await stage(t);
  const { page, widget } = await visit(t, origin);
  await widget.open();
  // A stranger's frame on the same page, which speaks to every frame that it finds.
  await page.evaluate(() => {
    const heard = /** @type {any} */ (window.heard = /** @type {any[]} */ ([]));
    addEventListener('message', ({ data }) => heard.push(data));
  });
  const frame = page.mainFrame();
  await frame.evaluate((src) => {
    const made = document.createElement('iframe');
    made.id = 'stranger';
    made.src = src;
    document.body.append(made);
  }, `${origin}/stranger`);
  const foreign = await eventually(
    'the frame',
    () => page.frames().find((each) => each.url().endsWith('/stranger')) ?? null,
  );
  assert.ok(foreign !== null);
  await foreign.waitForLoadState();
  await foreign.evaluate(() => {
    const told = [
      { encke: 'encke-desk', say: 'open', open: false },
      { encke: 'encke-desk', say: 'card', card: { title: 'Forged' } },
      { encke: 'encke-desk', say: 'state', unread: 99, color: '#ff0000', side: 'left', returning: true },
      { encke: 'encke-desk', say: 'close' },
    ];
    const above = /** @type {any} */ (window.top);
    for (let index = 0; index < above.length; index += 1)
      for (const each of told) above[index].postMessage(each, '*');
    for (const each of told) above.postMessage(each, '*');
  });
  // The page itself is heard after that, so what came before would have been, too.
  await page.evaluate(() =>
    /** @type {any} */ (window).EnckeDesk.card({
      title: 'A bicycle',
      price: 900,
      url: 'https://example.org/b',
    }),
  );
  await widget.frame.getByText('A bicycle').waitFor();
  assert.equal(await widget.frame.getByText('Forged').count(), 0);
  assert.equal(await page.locator('iframe[title]').isVisible(), true);
  await widget.say('A secret');
  await widget.shows(['A secret']);
  const heard = await page.evaluate(() => JSON.stringify(/** @type {any} */ (window).heard));
  assert.ok(!heard.includes('secret') && !heard.includes('ekv_'), heard);
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('ekv_')), false);
});

test('a frame without an origin is not heard', async (t) => {
  const { origin } = await stage(t);
  const { page, widget } = await visit(t, origin);
  await widget.open();
  // A page in a sandbox is of the origin `null`, which any page could be. No browser lets it frame the window itself.
  await page.evaluate(() => {
    const made = document.createElement('iframe');
    made.id = 'sandbox';
    made.sandbox.add('allow-scripts');
    made.srcdoc = '<p>a sandbox</p>';
    document.body.append(made);
  });
  const sandbox = await (await page.waitForSelector('#sandbox')).contentFrame();
  assert.ok(sandbox);
  await sandbox.evaluate(() => {
    const heard = /** @type {any} */ (window.heard = /** @type {any[]} */ ([]));
    addEventListener('message', ({ data }) => heard.push(data));
  });
  await sandbox.evaluate(() => {
    const visited = { url: 'https://shop.example/', title: 'Forged', referrer: '' };
    const told = [
      { say: 'hello', page: visited, visits: true, open: true },
      { say: 'identify', facts: { plan: 'Forged' } },
      { say: 'card', card: { title: 'Forged', price: 1 } },
      { say: 'close' },
    ];
    const above = /** @type {any} */ (parent);
    for (const each of told) {
      above.postMessage({ encke: 'encke-desk', ...each }, '*');
      for (let index = 0; index < above.length; index += 1)
        above[index].postMessage({ encke: 'encke-desk', ...each }, '*');
    }
  });
  // The page itself is heard after that, so what came before would have been, too.
  await page.evaluate(() => /** @type {any} */ (window).EnckeDesk.card({ title: 'A bicycle', price: 900 }));
  await widget.frame.getByText('A bicycle').waitFor();
  assert.equal(await widget.frame.getByText('Forged').count(), 0);
  assert.equal(await page.locator('iframe[title]').isVisible(), true);
  const heard = await sandbox.evaluate(() => JSON.stringify(/** @type {any} */ (window).heard));
  assert.ok(!heard.includes('ekv_') && !heard.includes('state'), heard);
});

test('a page whose libraries change every object keeps them, and the widget works', async (t) => {
  const { origin } = await stage(t);
  const { page, widget } = await visit(t, `${origin}/old`);
  await widget.open();
  await widget.say('Still here');
  await widget.shows(['Still here']);
  const made = await page.evaluate(() => {
    const before = new Set(/** @type {any} */ (window).globalsBefore);
    return Object.getOwnPropertyNames(window).filter(
      (name) => !before.has(name) && !/^\d+$|globalsBefore/.test(name),
    );
  });
  assert.deepEqual(made, ['EnckeDesk']);
});

test('a desk that names its sites is shown on those and on no other', async (t) => {
  const { anna, desk, server } = await stage(t);
  const policy = async (/** @type {string} */ path) =>
    (await fetch(server.url + path)).headers.get('content-security-policy')?.split('frame-ancestors ')[1];
  assert.equal(await policy(`/widget/?desk=${desk.key}`), '*');
  assert.equal(await policy(`/ask/${desk.key}`), "'none'");
  await anna.call('PATCH', `/v1/desks/${desk.id}`, { settings: { origins: ['https://shop.example'] } });
  // The site's own page for trying it is one of them.
  assert.equal(await policy(`/widget/?desk=${desk.key}`), "'self' https://shop.example");
  assert.equal((await fetch(`${server.url}/widget.js`)).headers.get('cache-control'), 'public, max-age=600');
});

/** @param {import('node:test').TestContext} t */
async function stage(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const desk = await anna.call('POST', '/v1/desks', { name: 'Harbour Bikes' });
  return { server, anna, desk, origin: await shop(t, server.url, desk.key) };
}

/** @param {import('node:test').TestContext} t @param {string} address */
async function visit(t, address) {
  const context = await freshBrowser(t);
  const page = await context.newPage();
  await page.goto(address);
  const widget = new Widget(page);
  await widget.bubble.waitFor();
  return { page, widget };
}
