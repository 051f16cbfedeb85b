/** A visitor on the page of a shop asks, and is answered: over every network, on every page, in both languages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { freshBrowser } from '../support/browser.mjs';
import { png, text as textFile } from '../support/files.mjs';
import { Member } from '../support/member.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Server } from '../support/server.mjs';
import { shop } from '../support/shop.mjs';
import { becomes, eventually } from '../support/wait.mjs';
import { Widget } from '../support/widget.mjs';

test('a question, an answer, a reload, a second page, and a rating', async (t) => {
  const { anna, desk, open } = await stage(t);
  const { widget, page } = await open();
  // Nothing of Encke but the loader comes before a click.
  assert.equal(await page.locator('iframe').count(), 0);
  await widget.open();
  await widget.say('Do you repair gears?');
  await widget.shows(['Do you repair gears?']);
  await widget.state('You are next in line.');

  const ticket = await asked(anna, desk);
  await anna.call('POST', `/v1/tickets/${ticket}/claim`);
  await widget.frame.getByRole('heading', { name: 'Anna' }).waitFor();
  await anna.call('POST', `/v1/conversations/${ticket}/typing`, { on: true });
  await widget.frame.getByText('Anna is typing…').waitFor();
  await anna.say(ticket, 'Yes, **all** of them');
  await widget.shows(['Do you repair gears?', 'Yes, all of them']);
  assert.equal(await widget.frame.locator('.rows strong').textContent(), 'all');

  // Unread is counted while the panel is closed, also on the next page of the shop.
  await widget.frame.getByRole('button', { name: 'Close' }).click();
  await becomes(
    'the focus',
    () => page.evaluate(() => document.activeElement?.hasAttribute('data-encke-desk')),
    true,
  );
  await anna.say(ticket, 'Until six.');
  await becomes('the count', () => widget.bubble.getAttribute('aria-label'), 'Chat with us (1 unread)');
  await page.goto(`${new URL(page.url()).origin}/second`);
  await becomes('the count', () => widget.bubble.getAttribute('aria-label'), 'Chat with us (1 unread)');
  await widget.open();
  await widget.shows(['Do you repair gears?', 'Yes, all of them', 'Until six.']);
  await page.reload();
  await becomes('the count', () => widget.bubble.getAttribute('aria-label'), 'Chat with us');
  await widget.open();
  await widget.shows(['Do you repair gears?', 'Yes, all of them', 'Until six.']);
  await widget.say('Thank you');
  await becomes('what Anna reads', () => anna.said(ticket), [
    'Do you repair gears?',
    'Yes, **all** of them',
    'Until six.',
    'Thank you',
  ]);

  // The agent sees the page that the visitor is on.
  const seen = await eventually('the page', async () => {
    const { visitor } = await anna.call('GET', `/v1/tickets/${ticket}`);
    return visitor.title === 'Shop/second' ? visitor : null;
  });
  assert.ok(seen.page.endsWith('/second'), seen.page);

  // Resolved, rated, and a new question beside it.
  await anna.call('PATCH', `/v1/tickets/${ticket}`, { state: 'resolved' });
  await widget.state('This question has been resolved.');
  await widget.frame.getByRole('radio', { name: '5 stars' }).check({ force: true });
  await widget.frame.getByLabel('Anything to add? (optional)').fill('Quick!');
  await widget.frame.getByRole('button', { name: 'Send rating' }).click();
  await widget.frame.getByText('Thank you for your rating!').waitFor();
  const { ticket: rated } = await anna.call('GET', `/v1/tickets/${ticket}`);
  assert.equal(rated.rating, 5);
  await widget.frame.getByRole('button', { name: 'Menu' }).click();
  await widget.frame.getByRole('button', { name: 'New question' }).click();
  await widget.say('Another thing');
  await widget.shows(['Another thing']);
  await widget.frame.getByRole('button', { name: 'Menu' }).click();
  await widget.frame.getByRole('button', { name: /^Question of Today/ }).click();
  await becomes('the old question', async () => (await widget.texts()).length, 4);
});

test('files both ways, an edit, a recall, and what is written while there is no network', async (t) => {
  const { anna, desk, open } = await stage(t);
  const { widget, page, context } = await open();
  await widget.open();
  await widget.say('It squeaks');
  await widget.shows(['It squeaks']);
  const ticket = await asked(anna, desk);
  await widget.frame.locator('input[type=file]').setInputFiles([
    { name: 'wheel.png', mimeType: 'image/png', buffer: Buffer.from(png(320, 200)) },
    { name: 'no <b>tes.txt', mimeType: 'text/plain', buffer: Buffer.from(textFile('loud')) },
  ]);
  await becomes('the send button', () => widget.frame.locator('.send').isEnabled(), true);
  await widget.frame.locator('.send').click();
  await widget.frame.locator('.rows .picture img[src^="blob:"]').waitFor();
  const down = page.waitForEvent('download');
  await widget.frame.getByRole('button', { name: 'File: no _b_tes.txt' }).click();
  assert.match((await down).suggestedFilename(), /tes/);
  await widget.frame.getByRole('button', { name: 'Picture: wheel.png' }).click();
  await widget.frame.locator('dialog img[src^="blob:"]').waitFor();
  await page.keyboard.press('Escape');

  const seq = (await anna.say(ticket, 'I fear so')).seq;
  await widget.shows(['It squeaks', 'I fear so']);
  await anna.call('PATCH', `/v1/conversations/${ticket}/messages/${seq}`, { text: 'We can mend it' });
  await widget.shows(['It squeaks', 'We can mend it']);
  await anna.call('DELETE', `/v1/conversations/${ticket}/messages/${seq}`);
  await widget.shows(['It squeaks']);
  await widget.frame.getByText('This message was deleted.').waitFor();

  await context.setOffline(true);
  await widget.say('Written in a tunnel');
  await widget.shows(['It squeaks', 'Written in a tunnel']);
  await context.setOffline(false);
  await eventually('its arrival', async () => (await anna.said(ticket)).includes('Written in a tunnel'));
});

test('where WebSocket is refused and frames of other sites keep nothing, it goes on, as long as the page lives', async (t) => {
  const { server, anna, desk } = await stage(t);
  const proxy = await Proxy.start(t, server.url);
  proxy.treat('websocket', 'refuse');
  const origin = await shop(t, proxy.url, desk.key, { site: 'localhost' });
  const context = await freshBrowser(t);
  const page = await context.newPage();
  await page.goto(origin);
  const widget = new Widget(page);
  await widget.open();
  const storage = (await inner(page)).evaluate(() => {
    try {
      return localStorage.length >= 0;
    } catch {
      return 'refused';
    }
  });
  assert.equal(await storage, 'refused');
  await widget.say('Hello?');
  await widget.shows(['Hello?']);
  const ticket = await asked(anna, desk);
  await anna.say(ticket, 'Hello!');
  await widget.shows(['Hello?', 'Hello!']);
  assert.deepEqual(await context.cookies(), []);
});

test('on a phone it fills the screen, in Chinese, and nothing is wider than it', async (t) => {
  const { anna, desk, open } = await stage(t, 'data-language="zh-CN"');
  const phone = { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true };
  const { widget, page } = await open(phone);
  assert.equal(await widget.bubble.getAttribute('aria-label'), '联系客服');
  await widget.open();
  assert.deepEqual(await page.locator('iframe').boundingBox(), { x: 0, y: 0, width: 390, height: 760 });
  await widget.text.fill('请问几点关门？');
  await widget.frame.getByRole('button', { name: '发送' }).tap();
  await widget.state('下一位就是您。');
  await anna.say(await asked(anna, desk), '六点。');
  await widget.shows(['请问几点关门？', '六点。']);
  await clean(await inner(page), 'the widget on a phone');
  await widget.frame.getByRole('button', { name: '关闭' }).tap();
  await widget.bubble.waitFor();
});

test('axe finds nothing: the first screen with a form, a talk, menus, in both themes', async (t) => {
  const { anna, desk, open } = await stage(t);
  const form = [
    { name: 'name', kind: 'text', label: { en: 'Your name', 'zh-CN': '姓名' }, required: true },
    { name: 'email', kind: 'email', label: { en: 'E-mail', 'zh-CN': '邮箱' }, required: false },
  ];
  await anna.call('PATCH', `/v1/desks/${desk.id}`, {
    settings: { form, theme: { color: '#ffd54a', side: 'left' } },
  });
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const { widget, page } = await open({ colorScheme });
    await widget.open();
    await widget.say('Too early');
    await widget.frame.getByText('Please fill this in.').waitFor();
    await clean(await inner(page), `form, ${colorScheme}`);
    await widget.frame.getByLabel('Your name').fill('Eve <script>');
    await widget.frame.getByLabel('E-mail').fill('eve@example.org');
    await widget.say('Too early');
    await widget.shows(['Too early']);
    const ticket = await asked(anna, desk);
    await anna.say(ticket, 'Not at all: `code` and https://example.org');
    await widget.shows(['Too early', 'Not at all: code and https://example.org']);
    await clean(await inner(page), `talk, ${colorScheme}`);
    await widget.frame.getByRole('button', { name: 'Menu' }).click();
    await clean(await inner(page), `menu, ${colorScheme}`);
    await page.keyboard.press('Escape');
    await widget.frame.getByRole('button', { name: 'Emoji' }).click();
    await clean(await inner(page), `emoji, ${colorScheme}`);
    await page.keyboard.press('Escape');
    // Once more, and the panel itself closes.
    await page.keyboard.press('Escape');
    await page.locator('iframe').waitFor({ state: 'hidden' });
    await clean(page, `the page, ${colorScheme}`);
  }
});

test('the page at /ask/KEY works without a site around it, and one that does not exist says so', async (t) => {
  const { server, anna, desk } = await stage(t);
  const context = await freshBrowser(t);
  const page = await context.newPage();
  await page.goto(`${server.url}/ask/${desk.key}`);
  await page.locator('.write textarea').fill('From a QR code');
  await page.locator('.write textarea').press('Enter');
  await becomes('the screen', () => page.locator('.rows .rich').allTextContents(), ['From a QR code']);
  const ticket = await asked(anna, desk);
  await anna.say(ticket, 'Welcome');
  await becomes('the screen', () => page.locator('.rows .rich').allTextContents(), [
    'From a QR code',
    'Welcome',
  ]);
  await clean(page, 'the page of its own');
  await page.goto(`${server.url}/ask/AAAAAAAAAAAAAAAA`);
  await page.getByText('This support desk does not exist, or no longer does.').waitFor();
});

/**
 * A server with a desk of Anna's, who is there, and a shop that has it.
 * @param {import('node:test').TestContext} t
 * @param {string} [attributes]
 */
async function stage(t, attributes = '') {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const desk = await anna.call('POST', '/v1/desks', { name: 'Harbour Bikes' });
  const origin = await shop(t, server.url, desk.key, { attributes });
  /** @param {import('../support/browser.mjs').ContextOptions} [options] */
  const open = async (options = {}) => {
    const context = await freshBrowser(t, options);
    const page = await context.newPage();
    await page.goto(origin);
    const widget = new Widget(page);
    await widget.bubble.waitFor();
    return { context, page, widget };
  };
  return { server, anna, desk, origin, open };
}

/** The newest ticket that waits. @param {Member} agent @param {{ id: string }} desk @returns {Promise<string>} */
function asked(agent, desk) {
  return eventually('a ticket', async () => {
    const { tickets } = await agent.call('GET', `/v1/desks/${desk.id}/tickets?view=unassigned&state=open`);
    return tickets.at(-1)?.ticket.id;
  });
}

/** The document in the iframe. @param {import('playwright-core').Page} page @returns {Promise<any>} */
async function inner(page) {
  const handle = await page.locator('iframe').elementHandle();
  return handle?.contentFrame();
}
