/** What the visitor's window does before and beside a talk: help, cards, greetings, invitations, what is typed, consent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { freshBrowser } from '../support/browser.mjs';
import { DeskPage } from '../support/desk.mjs';
import { png } from '../support/files.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { shop } from '../support/shop.mjs';
import { becomes, eventually } from '../support/wait.mjs';
import { Widget } from '../support/widget.mjs';

/** @param {string} en @param {string} zh */
const both = (en, zh = en) => ({ en, 'zh-CN': zh });

test('help comes first: common questions, a search, articles that fit what is typed', async (t) => {
  const { server, anna, desk, settle, open } = await stage(t);
  const articles = [
    [
      'Returning a bicycle',
      'Within **30 days**:\n\n- bring it\n- or send it\n\n<img src=x onerror=alert(1)>',
    ],
    ['Delivery', 'Three days.'],
  ];
  for (const [title = '', text = ''] of articles)
    await anna.call('POST', `/v1/desks/${desk.id}/articles`, {
      title: both(title),
      text: both(text),
      published: true,
    });
  await settle({ questions: [{ question: both('Opening hours?'), answer: both('From **9** to 18.') }] });
  const { widget, page } = await open();
  await widget.open();
  const { frame } = widget;
  await frame.getByRole('button', { name: 'Opening hours?' }).click();
  await frame.getByRole('heading', { name: 'Opening hours?' }).waitFor();
  assert.equal(await frame.locator('.page strong').textContent(), '9');
  await clean(await inner(page), 'an answer');
  await frame.getByRole('button', { name: 'Yes' }).click();
  await frame.getByText('Good to hear!').waitFor();
  await frame.getByRole('button', { name: 'Back' }).click();

  await frame.getByRole('searchbox').fill('delivery');
  await becomes('what was found', () => frame.locator('.help li').allTextContents(), ['Delivery']);
  await widget.text.fill('How do I return this?');
  await frame.getByText('Perhaps this helps:').waitFor();
  await becomes('what fits', () => frame.locator('.help li').allTextContents(), ['Returning a bicycle']);
  await clean(await inner(page), 'the home');
  await frame.getByRole('button', { name: 'Returning a bicycle' }).click();
  await becomes('the list', () => frame.locator('.page li').allTextContents(), ['bring it', 'or send it']);
  assert.equal(await frame.locator('.page img').count(), 0);
  await frame.getByRole('button', { name: 'No, ask us' }).click();
  await becomes('the focus', () => widget.text.evaluate((it) => it === document.activeElement), true);
  await widget.text.press('Enter');
  await widget.shows(['How do I return this?']);
  assert.equal(await frame.locator('.help').isVisible(), false);
  // The page for a link has it, too.
  const alone = await (await freshBrowser(t)).newPage();
  await alone.goto(`${server.url}/ask/${desk.key}`);
  await alone.getByRole('button', { name: 'Opening hours?' }).click();
  await alone.getByRole('heading', { name: 'Opening hours?' }).waitFor();
});

test('a card of the page is sent with its picture, the agent sees it and sends one back', async (t) => {
  const { anna, desk, open } = await stage(t, { connects: true });
  const { widget, page } = await open();
  await page.evaluate(() =>
    /** @type {any} */ (window).EnckeDesk.card({
      title: 'Touring 5',
      text: 'Ready to ride',
      price: '€ 900',
      reference: 'T5',
      url: 'https://shop.example/touring-5',
      picture: '/bike.png',
    }),
  );
  await widget.frame.locator('.handed img[src^="blob:"]').waitFor();
  await clean(await inner(page), 'a card that was handed over');
  await widget.frame.locator('.handed').getByRole('button', { name: 'Send' }).click();
  await widget.frame.locator('.rows .product img[src^="blob:"]').waitFor();
  await becomes('the focus', () => widget.text.evaluate((it) => it === document.activeElement), true);

  const console_ = await DeskPage.open(t, anna);
  await console_.see('Unassigned');
  await console_.page.getByTestId('ticket').first().click();
  const card = console_.page.getByTestId('card');
  await card.getByText('€ 900').waitFor();
  await card.getByText('Ready to ride · T5').waitFor();
  const link = card.getByRole('link', { name: 'shop.example' });
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer nofollow');
  await console_.page.getByRole('button', { name: 'Card', exact: true }).click();
  const dialog = console_.page.getByRole('dialog');
  await becomes('the title', () => dialog.getByLabel('Title').inputValue(), 'Touring 5');
  await clean(console_.page, 'the dialog of a card');
  await dialog.getByLabel('Title').fill('Touring 6');
  await dialog.getByLabel('Price').fill('€ 1,100');
  await dialog.getByRole('button', { name: 'Send' }).click();
  await widget.frame.locator('.rows .theirs .product', { hasText: 'Touring 6' }).waitFor();
  await widget.frame.locator('.rows .theirs .product img[src^="blob:"]').waitFor();
  assert.equal(desk.key.length, 16);
});

test('what a visitor types is said to it, and shown to the agent until it is sent', async (t) => {
  const { anna, settle, open } = await stage(t);
  await settle({ draft_preview: true });
  const { widget } = await open();
  await widget.open();
  await widget.frame.getByText('Our team sees what you type.').waitFor();
  await widget.say('Hello');
  await widget.shows(['Hello']);
  const console_ = await DeskPage.open(t, anna);
  await console_.see('Unassigned');
  await console_.page.getByTestId('ticket').first().click();
  await console_.answer('Yes?');
  await widget.shows(['Hello', 'Yes?']);
  const draft = console_.page.getByTestId('visitor-draft');
  await widget.text.pressSequentially('My wheel <b>squeaks</b>', { delay: 60 });
  await draft.getByText('My wheel <b>squeaks</b>').waitFor();
  await clean(console_.page, 'what is typed');
  await widget.text.press('Enter');
  await draft.waitFor({ state: 'detached' });
});

test('a greeting appears on its pages, to each visitor once; an invitation appears as it comes', async (t) => {
  const { anna, desk, origin, settle, open } = await stage(t, { attributes: 'data-greetings data-visits' });
  await settle({ greetings: [{ page: '/second', after_s: 0, text: both('That one is on sale.') }] });
  const { widget, page } = await open();
  const teaser = widget.frame.locator('.teaser');
  await page.goto(`${origin}/second`);
  await teaser.getByText('That one is on sale.').waitFor();
  await clean(await inner(page), 'a greeting');
  await teaser.getByRole('button', { name: 'Close' }).click();
  await page.locator('iframe').waitFor({ state: 'hidden' });

  const visitor = await eventually('the visitor', async () => {
    const { visitors } = await anna.call('GET', `/v1/desks/${desk.id}/visitors`);
    return visitors.find((/** @type {any} */ each) => each.present && each.page.endsWith('/second')) ?? null;
  });
  const console_ = await DeskPage.open(t, anna);
  await console_.page
    .getByRole('link', { name: /Visitors/ })
    .or(console_.page.getByRole('button', { name: /Visitors/ }))
    .first()
    .click();
  await console_.page.getByRole('button', { name: 'Invite to talk' }).click();
  await console_.page.getByLabel('First message').fill('May I help you?');
  await clean(console_.page, 'an invitation');
  await console_.page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  await teaser.getByText('May I help you?').waitFor();
  await becomes('the count', () => widget.bubble.getAttribute('aria-label'), 'Chat with us (1 unread)');
  await teaser.getByRole('button').first().click();
  await widget.text.waitFor();
  await widget.shows(['May I help you?']);
  await widget.say('Yes, please');
  await becomes('what Anna reads', () => console_.texts(), ['May I help you?', 'Yes, please']);
  assert.ok(visitor.person.id);

  // It has been greeted, and has a question: no greeting any more.
  await page.reload();
  await widget.open();
  await widget.shows(['May I help you?', 'Yes, please']);
  assert.equal(await teaser.count(), 0);
});

test('a desk that asks for consent stores, sends and says nothing before it', async (t) => {
  const { anna, desk, settle, open } = await stage(t, { attributes: 'data-visits data-greetings' });
  await settle({
    consent: true,
    draft_preview: true,
    greetings: [{ page: '', after_s: 0, text: both('Hello there') }],
  });
  const { widget, page } = await open();
  /** @type {string[]} */
  const sent = [];
  page.on('request', (request) => request.method() !== 'GET' && sent.push(request.url()));
  await widget.bubble.click();
  await widget.frame.getByText('May we?').waitFor();
  await page.evaluate(() => /** @type {any} */ (window).EnckeDesk.identify({ name: 'Eve', plan: 'gold' }));
  await clean(await inner(page), 'the question for consent');
  const kept = async () =>
    (await inner(page)).evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('encke')));
  assert.deepEqual(await kept(), []);
  assert.deepEqual(sent, []);
  const here = () => anna.call('GET', `/v1/desks/${desk.id}/visitors`);
  assert.deepEqual((await here()).visitors, []);
  assert.equal(await widget.text.isVisible(), false);
  await widget.frame.getByRole('button', { name: 'Agree and continue' }).click();
  await eventually('the visitor', async () => (await here()).visitors.length === 1 || null);
  await widget.say('Now');
  await widget.shows(['Now']);
  assert.ok((await kept()).length > 0);
});

test('emoji, an upload that breaks off, a sound that can be turned off, a picture, and a question after days', async (t) => {
  const { anna, desk, server, open } = await stage(t);
  const face = await anna.uploads('anna.png', png(64, 64));
  await anna.call('PUT', '/v1/profile/picture', { file: face });
  const { widget, page, context } = await open();
  await widget.open();
  const { frame } = widget;
  await widget.text.fill('ab');
  await widget.text.press('ArrowLeft');
  await frame.getByRole('button', { name: 'Emoji' }).click();
  await frame.getByRole('button', { name: '👍' }).click();
  assert.equal(await widget.text.inputValue(), 'a👍b');
  await becomes('the focus', () => widget.text.evaluate((it) => it === document.activeElement), true);
  await widget.text.press('Enter');
  await widget.shows(['a👍b']);
  const ticket = await eventually('a ticket', async () => {
    const { tickets } = await anna.call('GET', `/v1/desks/${desk.id}/tickets?view=unassigned`);
    return tickets[0]?.ticket.id;
  });

  // The network goes in the middle of a file, and comes back.
  let pieces = 0;
  await context.route(`${server.url}/v1/files/*`, (route) => {
    const isFirst = route.request().method() === 'PATCH' && (pieces += 1) === 1;
    return isFirst ? route.abort('connectionreset') : route.continue();
  });
  const bytes = Buffer.alloc(300_000, 'x');
  await frame
    .locator('input[type=file]')
    .setInputFiles([{ name: 'long.txt', mimeType: 'text/plain', buffer: bytes }]);
  await becomes('the send button', () => frame.locator('.send').isEnabled(), true);
  assert.ok(pieces > 1, 'a piece was sent again');
  await frame.locator('.send').click();
  await frame.getByRole('button', { name: 'File: long.txt' }).waitFor();

  // It sounds once for what nobody sees, and not when it was told not to.
  await (
    await inner(page)
  ).evaluate(() => {
    const made = /** @type {any} */ (window);
    made.sounds = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (/** @type {number | undefined} */ when) {
      made.sounds += 1;
      start.call(this, when);
    };
  });
  const sounds = async () => (await inner(page)).evaluate(() => /** @type {any} */ (window).sounds);
  await frame.getByRole('button', { name: 'Close' }).click();
  await page.locator('iframe').waitFor({ state: 'hidden' });
  await anna.say(ticket, 'Here');
  await becomes('the sounds', sounds, 2);
  await frame.locator('.teaser').getByText('Here').waitFor();
  await widget.bubble.click();
  await widget.text.waitFor();
  await frame.locator('header .avatar img[src^="blob:"]').waitFor();
  await frame.getByRole('button', { name: 'Menu' }).click();
  await frame.getByRole('button', { name: 'Turn sound off' }).click();
  await frame.getByRole('button', { name: 'Close' }).click();
  await page.locator('iframe').waitFor({ state: 'hidden' });
  await anna.say(ticket, 'Still here');
  await frame.locator('.teaser').getByText('Still here').waitFor();
  assert.equal(await sounds(), 2);

  // Resolved and left for days, it goes on where it was.
  await anna.call('PATCH', `/v1/tickets/${ticket}`, { state: 'resolved' });
  await page.goto('about:blank');
  await page.goBack();
  await widget.open();
  await widget.state('Write here to continue it.');
  await widget.say('Once more');
  const open_ = await eventually('the ticket', async () => {
    const { ticket: now } = await anna.call('GET', `/v1/tickets/${ticket}`);
    return now.state === 'open' ? now : null;
  });
  assert.equal(open_.id, ticket);
});

/**
 * A server with a desk of Anna's, and a shop that has it.
 * @param {import('node:test').TestContext} t
 * @param {{ attributes?: string, connects?: boolean }} [options]
 */
async function stage(t, options = {}) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const desk = await anna.call('POST', '/v1/desks', { name: 'Harbour Bikes' });
  const origin = await shop(t, server.url, desk.key, options);
  const settle = (/** @type {object} */ settings) => anna.call('PATCH', `/v1/desks/${desk.id}`, { settings });
  const open = async () => {
    const context = await freshBrowser(t);
    const page = await context.newPage();
    await page.goto(origin);
    const widget = new Widget(page);
    await widget.bubble.waitFor();
    return { context, page, widget };
  };
  return { server, anna, desk, origin, settle, open };
}

/** The document in the iframe. @param {import('playwright-core').Page} page @returns {Promise<any>} */
async function inner(page) {
  const handle = await page.locator('iframe[title]').elementHandle();
  return handle?.contentFrame();
}
