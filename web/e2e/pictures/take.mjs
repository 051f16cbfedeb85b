/**
 * Takes the pictures of docs/images from a scene that it sets itself: `make build && npm run pictures -w e2e`.
 *
 * The scene is a team that writes English and Chinese. Look at every picture before it is committed.
 */
import { test } from 'node:test';
import { chatOf, freshBrowser } from '../support/browser.mjs';
import { DeskPage } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { Visitor } from '../support/visitor.mjs';
import { eventually } from '../support/wait.mjs';

const folder = new URL('../../../docs/images/', import.meta.url);
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

test('pictures', async (t) => {
  const server = await Server.start(t, '--quota-member', 'off');
  const { lin, anna, launch } = await scene(server.url);

  const english = await chatOf(t, anna, { viewport: desktop, colorScheme: 'light', deviceScaleFactor: 1.5 });
  await open(english.page, launch);
  await picture(english.page, 'chat');
  await english.page.keyboard.press('ControlOrMeta+k');
  await english.page.getByRole('dialog').waitFor();
  await english.page.keyboard.type('chen');
  await english.page.getByRole('option').first().waitFor();
  await picture(english.page, 'palette');
  await english.page.keyboard.press('Escape');
  await english.page.keyboard.press('ControlOrMeta+Shift+f');
  await english.page.locator('[data-search-field]').fill('warehouse');
  await english.page.getByTestId('found').first().waitFor();
  await picture(english.page, 'search');

  const chinese = await chatOf(t, lin, {
    locale: 'zh-CN',
    viewport: desktop,
    colorScheme: 'dark',
    deviceScaleFactor: 1.5,
  });
  await open(chinese.page, launch);
  await picture(chinese.page, 'chat-zh-dark');

  for (const [name, colorScheme, locale] of /** @type {const} */ ([
    ['phone', 'light', 'en-GB'],
    ['phone-zh-dark', 'dark', 'zh-CN'],
  ])) {
    const small = await chatOf(t, anna, { viewport: phone, colorScheme, locale, deviceScaleFactor: 2 });
    await small.page.getByTestId('conversation').first().waitFor();
    await small.page.locator('[data-phase=live]').first().waitFor({ state: 'attached' });
    await open(small.page, launch);
    await picture(small.page, name);
  }
});

test('pictures of a desk', async (t) => {
  const server = await Server.start(t, '--quota-guest', 'off');
  const { anna, key, ticket } = await desk(server.url);

  const screen = await DeskPage.open(t, anna, { viewport: desktop, deviceScaleFactor: 1.5 });
  await screen.see('Mine');
  await screen.choose('Ingrid Solberg');
  await screen.notes.first().waitFor();
  await picture(screen.page, 'desk');

  const shop = await freshBrowser(t, { viewport: desktop, deviceScaleFactor: 1.5 });
  const page = await shop.newPage();
  await page.goto(`${server.url}/widget/try.html?desk=${key}`);
  await page.getByRole('button').first().click();
  const widget = page.frameLocator('iframe');
  await widget.getByRole('textbox').fill('Is the Touring 5 there in blue, too?');
  await widget.getByRole('textbox').press('Enter');
  const asked = await eventually('the question', async () => {
    const { tickets } = await anna.call('GET', `/v1/desks/${ticket.desk}/tickets?view=unassigned`);
    return tickets.find((/** @type {any} */ { last }) => last.body.text.startsWith('Is the Touring 5'));
  });
  await anna.say(asked.ticket.id, 'It is, in two sizes: 54 and 58. Shall I put one aside for you? 🚲');
  await widget.getByText('in two sizes').waitFor();
  await picture(page, 'widget');
});

/** A desk with an open ticket and some that wait. @param {string} url */
async function desk(url) {
  const anna = await Member.owner(url, 'anna', 'Anna Weber');
  const lin = await anna.adds('linyue', '林悦');
  const { id, key } = await anna.call('POST', '/v1/desks', { name: 'Harbour Bikes' });
  await anna.call('POST', `/v1/conversations/${id}/members`, { person: lin.id });
  const greeting = {
    en: 'Hello! Ask us anything about bicycles.',
    'zh-CN': '您好！关于自行车的问题请随时提问。',
  };
  await anna.call('PATCH', `/v1/desks/${id}`, { settings: { greeting } });
  for (const [name, text] of /** @type {const} */ ([
    ['王小明', '我的订单还没有发货，能帮我查一下吗？'],
    ['Tom Okafor', 'The invoice has the wrong address.'],
  ]))
    await (await Visitor.enter(url, key, name)).asks(text);
  const ingrid = await Visitor.enter(url, key, 'Ingrid Solberg');
  await ingrid.visits({ url: 'https://bikes.example/', title: 'Harbour Bikes' });
  await ingrid.visits({
    url: 'https://bikes.example/touring-5',
    title: 'Touring 5 · Harbour Bikes',
    referrer: 'https://search.example/',
    attributes: { 'customer since': '2021', orders: '3' },
  });
  const ticket = await ingrid.asks('Hello! Do you ship the Touring 5 to Norway, and how long does it take?');
  await anna.say(ticket, 'Good morning Ingrid! Yes, we do: **five to seven days** to Oslo.');
  await ingrid.says(ticket, 'Wonderful. Is the rack included?');
  const text = 'Regular customer. Lin, is a rack left in the shop?';
  await anna.call('POST', `/v1/tickets/${ticket}/notes`, { text, key: 'note' });
  await anna.call('PATCH', `/v1/tickets/${ticket}`, { tags: ['delivery'] });
  return { anna, key, ticket: { id: ticket, desk: id } };
}

/** @param {string} url */
async function scene(url) {
  const anna = await Member.owner(url, 'anna', 'Anna Weber');
  const lin = await anna.adds('linyue', '林悦');
  const chen = await anna.adds('chenming', '陈明');
  const tom = await anna.adds('tom', 'Tom Okafor');
  await anna.room('Support 客服', [lin, tom]);
  const cook = await anna.room('Kitchen', [chen, tom]);
  const launch = await anna.room('Launch 上线', [lin, chen, tom]);
  const direct = await anna.direct(lin);
  await tom.say(cook, 'Who has the big pan?');
  await lin.say(direct, '报价单已经发给客户了，请看一下。');
  await anna.say(direct, 'Thank you, I’ll read it *before* lunch.');

  const first = await tom.say(launch, 'The warehouse page is slow for people in **Shenzhen**. Who can look?');
  await react(lin, launch, first.seq, '👀');
  await lin.say(launch, '我看过了，是查询没有用到索引：');
  await lin.say(
    launch,
    '```sql\nSELECT id, title FROM orders\nWHERE warehouse = 7\nORDER BY created DESC LIMIT 50;\n```',
  );
  const answer = await chen.say(launch, '加一个索引就好了，今晚可以上线。');
  await react(anna, launch, answer.seq, '🎉');
  await react(tom, launch, answer.seq, '🎉');
  await react(lin, launch, answer.seq, '👍');
  await anna.call('POST', `/v1/conversations/${launch}/messages`, {
    text: `<@${chen.id}> Perfect. Before tonight:\n\n1. a backup\n2. the index, on the copy first\n3. a note for the desk`,
    reply_to: answer.seq,
    key: 'plan',
  });
  await tom.say(launch, 'I can write the note. <https://status.example/> gets it, too?');
  await lin.say(launch, `<@${anna.id}> 好的，我来备份 👌`);
  return { lin, anna, launch };
}

/** @param {Member} who @param {string} conversation @param {number} seq @param {string} emoji */
function react(who, conversation, seq, emoji) {
  const path = `/v1/conversations/${conversation}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`;
  return who.call('PUT', path);
}

/** @param {import('playwright-core').Page} page @param {string} conversation */
async function open(page, conversation) {
  await page.goto(`${new URL(page.url()).origin}/#/${conversation}`);
  await page.getByTestId('message').last().waitFor();
  // The colours of code come from a worker.
  await page.locator('pre span').first().waitFor();
  await page.locator('[data-phase=live]').first().waitFor({ state: 'attached' });
}

/** @param {import('playwright-core').Page} page @param {string} name */
async function picture(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: new URL(`${name}.png`, folder).pathname, animations: 'disabled' });
}
