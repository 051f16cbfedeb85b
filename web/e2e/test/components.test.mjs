/** The web components on a site of somebody else's, under a strict Content-Security-Policy with Trusted Types. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { freshBrowser } from '../support/browser.mjs';
import { png } from '../support/files.mjs';
import { HostSite } from '../support/host-site.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

/** Everybody and everything that the tests of this file share. @param {import('node:test').TestContext} t */
async function stage(t) {
  const site = await HostSite.start(t);
  const server = await Server.start(t, '--allowed-origins', site.origin);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  site.encke = server.url;
  site.owner = anna;
  site.person = mei;
  return { site, server, anna, mei };
}

/** @param {import('playwright-core').Page} page */
const texts = (page) => page.locator('encke-conversation .bubble .rich').allTextContents();

test('one script tag and one line of HTML are a conversation', async (t) => {
  const { site, server, anna, mei } = await stage(t);
  const room = await anna.room('Orders', [mei]);
  await anna.say(room, 'Hello **Mei**, <b>not bold</b>');
  const line = (/** @type {string} */ id, more = '') =>
    `<encke-conversation conversation="${id}" token-url="/encke-token" ${more}></encke-conversation>`;
  site.html = line(room);
  const context = await freshBrowser(t);
  const page = await context.newPage();
  await page.goto(site.origin);
  const write = page.getByRole('textbox', { name: 'Write a message' });

  await t.test('what is said arrives both ways, with typing and receipts', async () => {
    await becomes('the texts', () => texts(page), ['Hello Mei, <b>not bold</b>']);
    assert.equal(await page.locator('encke-conversation strong').textContent(), 'Mei');
    await anna.call('POST', `/v1/conversations/${room}/typing`, { on: true });
    await page.getByText('Anna is typing…').waitFor();
    await write.fill('A first line');
    await write.press('Shift+Enter');
    await write.pressSequentially('and a second');
    await write.press('Enter');
    await becomes('what was said', () => anna.said(room), [
      'Hello **Mei**, <b>not bold</b>',
      'A first line\nand a second',
    ]);
    await page.getByText('Sent', { exact: false }).last().waitFor();
    const { seq } = (await anna.call('GET', `/v1/conversations/${room}/events`)).events.at(-1);
    await anna.call('POST', `/v1/conversations/${room}/receipts`, { read: seq });
    await page.getByText('· Read').waitFor();
    await becomes(
      'what Mei has read',
      async () => {
        const { conversation } = await mei.call('GET', `/v1/conversations/${room}`);
        return conversation.unread;
      },
      0,
    );
  });

  await t.test('files go both ways, and a picture is shown without a cookie', async () => {
    await page.locator('encke-conversation input[type=file]').setInputFiles({
      name: 'plan.png',
      mimeType: 'image/png',
      buffer: Buffer.from(png(64, 48)),
    });
    await eventually('the upload', () => page.getByRole('button', { name: 'Send', exact: true }).isEnabled());
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    const image = page.locator('encke-conversation .picture img');
    await eventually('the picture', () =>
      image.evaluate((each) => /** @type {HTMLImageElement} */ (each).naturalWidth),
    );
    const file = await anna.uploads('notes.txt', new TextEncoder().encode('some notes'), {
      type: 'text/plain',
    });
    await anna.sends(room, 'The notes', [file]);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'notes.txt' }).click();
    assert.equal((await saved).suggestedFilename(), 'notes.txt');
    await page.locator('encke-conversation .picture').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  });

  await t.test('an answer quotes, an edit shows, a recalled message is gone', async () => {
    const { seq } = await anna.say(room, 'To be answerd');
    await page.getByText('To be answerd').hover();
    await page.getByRole('button', { name: 'Reply to Anna' }).last().click();
    await write.fill('The answer');
    await write.press('Enter');
    await page.locator('.quote', { hasText: 'To be answerd' }).waitFor();
    await anna.call('PATCH', `/v1/conversations/${room}/messages/${seq}`, { text: 'To be answered' });
    await page.locator('.bubble', { hasText: /^To be answered$/ }).waitFor();
    await anna.call('DELETE', `/v1/conversations/${room}/messages/${seq}`);
    await page.getByText('This message was recalled.').first().waitFor();
    assert.equal(await page.locator('.bubble', { hasText: /^To be answered$/ }).count(), 0);
    const last = (await anna.call('GET', `/v1/conversations/${room}/events`)).events.at(-1).seq;
    await anna.call(
      'PUT',
      `/v1/conversations/${room}/messages/${last}/reactions/${encodeURIComponent('👍')}`,
    );
    const thumb = page.getByRole('button', { name: '👍, 1' });
    await thumb.click();
    await page.getByRole('button', { name: '👍, 2', pressed: true }).waitFor();
  });

  await t.test('a long history comes by pages and the reader stays where it is', async () => {
    const long = await anna.room('Long', [mei]);
    for (let at = 0; at < 130; at += 1) await anna.say(long, `line ${at}`);
    await page
      .locator('encke-conversation')
      .evaluate((element, id) => element.setAttribute('conversation', id), long);
    await page.getByText('line 129', { exact: true }).waitFor();
    await becomes(
      'the first line',
      async () => {
        await page.locator('.log').evaluate((log) => log.scrollTo(0, 0));
        return page.getByText('line 0', { exact: true }).count();
      },
      1,
    );
    await page.getByRole('button', { name: 'To the newest message' }).click();
    await page.getByText('line 129', { exact: true }).waitFor();
    await page
      .locator('encke-conversation')
      .evaluate((element, id) => element.setAttribute('conversation', id), room);
    await page.getByText('The answer', { exact: true }).waitFor();
  });

  await t.test('a strict page, a screen reader and the keyboard are content', async () => {
    await clean(page, 'the conversation');
  });

  await t.test('a token is renewed before it ends, one that is revoked is replaced', async () => {
    site.life = 1;
    const before = site.asked;
    await page.reload();
    await eventually('three tokens', () => site.asked >= before + 3);
    site.life = 3_600;
    await write.fill('with a newer token');
    await write.press('Enter');
    await becomes('the last message', async () => (await anna.said(room)).at(-1), 'with a newer token');
    const settled = site.asked;
    const { tokens } = await anna.call('GET', `/v1/tokens?person=${mei.id}`);
    for (const { id } of tokens) await anna.call('DELETE', `/v1/tokens/${id}?person=${mei.id}`);
    await eventually('another token', () => site.asked > settled);
    await anna.say(room, 'still there?');
    await page.getByText('still there?', { exact: true }).waitFor();
  });

  await t.test('who signs out of the site sees nothing more, and may come back', async () => {
    site.person = null;
    const { tokens } = await anna.call('GET', `/v1/tokens?person=${mei.id}`);
    for (const { id } of tokens) await anna.call('DELETE', `/v1/tokens/${id}?person=${mei.id}`);
    await page.getByText('You are signed out.').waitFor();
    assert.deepEqual(await texts(page), []);
    site.person = mei;
    await page.getByRole('button', { name: 'Sign in again' }).click();
    await page.getByText('still there?', { exact: true }).waitFor();
  });

  await t.test('it speaks Chinese, and says what it can not show', async () => {
    site.html = line('c999', 'language="zh-CN"');
    await page.goto(site.origin);
    await page.getByText('没有这个会话，或者您不在其中。').waitFor();
  });

  await t.test('old libraries on the page break nothing', async () => {
    site.html = line(room);
    await page.goto(`${site.origin}/old`);
    await page.getByText('still there?', { exact: true }).waitFor();
    await page.locator('encke-conversation input[type=file]').setInputFiles({
      name: 'old.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('old'),
    });
    await eventually('the upload', () => page.getByRole('button', { name: 'Send', exact: true }).isEnabled());
    await write.fill('from an old page');
    await write.press('Enter');
    await becomes('the last message', async () => (await anna.said(room)).at(-1), 'from an old page');
    const { events } = await anna.call('GET', `/v1/conversations/${room}/events`);
    assert.equal(events.at(-1).body.files[0].name, 'old.txt');
  });

  await t.test('a site that is not listed gets the script and nothing else', async () => {
    const stranger = await HostSite.start(t);
    Object.assign(stranger, { encke: server.url, owner: anna, person: mei, html: line(room) });
    await page.goto(stranger.origin);
    await page.getByText('Connecting…').waitFor();
    await eventually('a token', () => stranger.asked > 0);
    assert.deepEqual(await texts(page), []);
    const { headers } = await fetch(`${server.url}/components.js`);
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
    assert.equal(headers.get('cache-control'), 'public, max-age=600');
    for (const path of ['/', '/encke.js', '/widget.js', '/v1/setup'])
      assert.equal((await fetch(server.url + path)).headers.get('access-control-allow-origin'), null);
  });
});

test('the list and the conversation, where there is room for both and where there is not', async (t) => {
  const { site, anna, mei } = await stage(t);
  const orders = await anna.room('Orders', [mei]);
  const direct = await anna.direct(mei);
  for (let at = 0; at < 52; at += 1) await anna.room(`Room ${at}`, [mei]);
  await anna.say(orders, 'Two lamps, please');
  await anna.say(direct, 'Lunch?');
  site.html = '<encke-chat token-url="/encke-token"></encke-chat>';
  const page = await (await freshBrowser(t)).newPage();
  await page.goto(site.origin);
  const list = page.getByRole('navigation', { name: 'Conversations' });
  const titles = () => list.locator('.title').allTextContents();
  await becomes('the first conversations', async () => (await titles()).slice(0, 2), ['Anna', 'Orders']);
  await list.getByText('Lunch?', { exact: true }).waitFor();
  await list.getByText('Anna: Two lamps, please').waitFor();
  await list.getByLabel('1 unread').first().waitFor();
  await list.getByRole('button', { name: 'More conversations' }).click();
  await becomes('all of them', async () => (await titles()).length, 54);

  await list.locator('.item').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  await page.keyboard.type('They are on their way');
  await page.keyboard.press('Enter');
  await becomes('what was said', () => anna.said(orders), ['Two lamps, please', 'They are on their way']);
  await becomes('the first conversations', async () => (await titles()).slice(0, 2), ['Orders', 'Anna']);
  assert.equal(await page.locator('encke-chat').getAttribute('conversation'), orders);
  await clean(page, 'the list and a conversation');

  await page.setViewportSize({ width: 390, height: 700 });
  await list.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Back to the list' }).click();
  await list.getByText('Lunch?', { exact: true }).click();
  await page.getByRole('heading', { name: 'Anna' }).waitFor();
  await clean(page, 'a conversation on a phone');
});

test('when somebody else signs in at the site, nothing of the one before is left', async (t) => {
  const { site, server, anna, mei } = await stage(t);
  const hers = await anna.room('Only Anna', []);
  const both = await anna.room('Both', [mei]);
  await anna.say(hers, 'a secret of Anna');
  await anna.say(both, 'for both');
  site.person = anna;
  site.html = `<encke-chat conversation="${hers}" token-url="/encke-token"></encke-chat>
    <encke-conversation conversation="${both}" token-url="/encke-token"></encke-conversation>`;
  const page = await (await freshBrowser(t)).newPage();
  await page.goto(site.origin);
  await page.locator('encke-chat .bubble', { hasText: 'a secret of Anna' }).waitFor();
  const write = page.locator('encke-conversation').getByRole('textbox');
  await write.fill('half a sentence of Anna');
  await becomes('the sessions', () => server.sessions(), { websocket: 1 });
  site.person = mei;
  for (const { id } of (await anna.call('GET', '/v1/tokens')).tokens)
    await anna.call('DELETE', `/v1/tokens/${id}`);
  await page.getByText('There is no such conversation here for you.').waitFor();
  await becomes('the list', () => page.locator('encke-chat .title').allTextContents(), ['Both']);
  await page.locator('encke-conversation .bubble', { hasText: 'for both' }).waitFor();
  assert.equal(await write.inputValue(), '');
  assert.equal(await page.getByText('a secret of Anna').count(), 0);
  await write.fill('I am Mei');
  await write.press('Enter');
  await becomes(
    'who wrote',
    async () => {
      const { events } = await mei.call('GET', `/v1/conversations/${both}/events`);
      return [events.at(-1).from, events.at(-1).body.text];
    },
    [mei.id, 'I am Mei'],
  );
});

test('a desk stands in its place in the page and hears nobody else', async (t) => {
  const { site, anna, server } = await stage(t);
  const desk = await anna.call('POST', '/v1/desks', { name: 'Harbour Bikes' });
  site.html = `<encke-desk desk="${desk.key}"></encke-desk>
    <iframe id="stranger" src="${server.url}/widget/?desk=none"></iframe>`;
  const page = await (await freshBrowser(t)).newPage();
  await page.goto(site.origin);
  const frame = page.frameLocator('encke-desk iframe');
  const write = frame.locator('.write textarea');
  await write.waitFor();
  assert.equal(await frame.getByRole('button', { name: 'Close' }).count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'BODY');
  await page.evaluate(() => {
    const element = /** @type {any} */ (document.querySelector('encke-desk'));
    element.identify({ name: 'Eve', plan: 'gold' });
    element.card({ title: 'A bicycle', price: 900 });
    element.addEventListener('encke-unread', (/** @type {any} */ { detail }) => {
      document.title = `unread ${detail.unread}`;
    });
    // The page speaks to itself, as a stranger would; the element hears its frame alone.
    postMessage({ encke: 'encke-desk', say: 'state', unread: 99 }, '*');
  });
  await frame.getByText('A bicycle').waitFor();
  await write.fill('Is it there?');
  await write.press('Enter');
  await becomes('the question', () => frame.locator('.rows .rich').allTextContents(), ['Is it there?']);
  assert.equal(await page.title(), 'A site');
  const ticket = await eventually('a ticket', async () => {
    const { tickets } = await anna.call('GET', `/v1/desks/${desk.id}/tickets?view=unassigned&state=open`);
    return tickets[0]?.ticket.id;
  });
  await anna.say(ticket, 'It is');
  await becomes('the answer', () => frame.locator('.rows .rich').allTextContents(), [
    'Is it there?',
    'It is',
  ]);
});
