/** Pages in the style of the Comet tutorials, behind nginx as the guide sets it up: two browsers talk over each protocol. */
import { test } from 'node:test';
import { chatOf, freshBrowser } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { classicSite } from '../support/nginx.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** Texts that the originals lost, or that ended a script. */
const texts = [
  'first, with a comma',
  `it's "quoted" <b>&amp;</b>`,
  '</script><!--<script>',
  '你好 👋',
  '100% of it',
];

class Page {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {import('node:test').TestContext} t @param {string} url */
  static async open(t, url) {
    const context = await freshBrowser(t);
    const page = new Page(await context.newPage());
    // A request that waits is no reason to wait for it.
    await page.page.goto(url, { waitUntil: 'commit' });
    await page.page.locator('#send').waitFor();
    return page;
  }

  /** Writes, and waits until the page says that it was taken. @param {string} text */
  async say(text) {
    await this.page.locator('#text').fill(text);
    await this.page.locator('#send').click();
    await becomes('what is left in the box', () => this.page.locator('#text').inputValue(), '');
  }

  /** @param {string[]} expected */
  async shows(expected) {
    const lines = () => this.page.locator('#log > *').allTextContents();
    await becomes('the page', lines, expected);
  }
}

/** @param {import('node:test').TestContext} t */
async function site(t) {
  const server = await Server.start(t, '--classic', '--classic-identity', 'trust');
  return { server, url: await classicSite(t, server.url) };
}

test('web IM', async (t) => {
  const { url } = await site(t);
  const one = await Page.open(t, `${url}/webim.html?me=1&you=2`);
  const two = await Page.open(t, `${url}/webim.html?me=2&you=1`);
  const window = await Page.open(t, `${url}/webim.html?me=2&you=1`);
  for (const [n, text] of texts.entries()) {
    await one.say(text);
    await two.shows(texts.slice(0, n + 1));
    await window.shows(texts.slice(0, n + 1));
  }
  await two.say('and back');
  await one.shows(['and back']);
});

test('publish and subscribe', async (t) => {
  const { url } = await site(t);
  const one = await Page.open(t, `${url}/novcomet.html`);
  const two = await Page.open(t, `${url}/novcomet.html`);
  await one.say('apples');
  await two.shows(['apples']);
  await two.say('pears.green');
  await two.say('apples');
  await one.shows(['apples', 'pears.green', 'apples']);
  await two.shows(['apples', 'pears.green', 'apples']);
});

test('live', async (t) => {
  const { url } = await site(t);
  const one = await Page.open(t, `${url}/live.html`);
  const two = await Page.open(t, `${url}/live.html`);
  await one.say('你好 👋, 100% & more');
  await two.shows(['你好 👋, 100% & more']);
  await two.say('second');
  await one.say('x'.repeat(3_000));
  for (const page of [one, two]) await page.shows(['你好 👋, 100% & more', 'second', 'x'.repeat(3_000)]);
});

test('customer service', async (t) => {
  const { server, url } = await site(t);
  const user = await Page.open(t, `${url}/kefu.html?me=user5`);
  const agent = await Page.open(t, `${url}/agent.html`);
  for (const [n, text] of texts.entries()) {
    await user.say(text);
    await agent.shows(texts.slice(0, n + 1).map((each) => `user5: ${each}`));
  }
  await agent.say('raw "answer" 你好');
  await user.shows(['admin: raw "answer" 你好']);
  // A page that is reloaded swallows nothing and shows nothing twice.
  await user.page.reload({ waitUntil: 'commit' });
  await agent.say('after the reload');
  await user.shows(['admin: after the reload']);
  // The frame loads itself again after the server was away.
  await server.end('SIGTERM');
  await server.again();
  const again = await Page.open(t, `${url}/kefu.html?me=user6`);
  await again.say('are you back?');
  const questions = texts.map((each) => `user5: ${each}`);
  await agent.shows([...questions, 'user6: are you back?']);
});

test('editor', async (t) => {
  const { url } = await site(t);
  const one = await Page.open(t, `${url}/extchat.html`);
  const two = await Page.open(t, `${url}/extchat.html`);
  await one.say('<b>bold</b> 你好');
  await two.shows(['bold 你好']);
  await two.say('<i>and back</i>');
  for (const page of [one, two]) {
    await page.shows(['bold 你好', 'and back']);
    // Of an answer that is no JSON, as nginx's own when the server has gone, this page dies.
    await page.page.goto('about:blank');
  }
});

test('a room, and the web chat in it', async (t) => {
  const { server, url } = await site(t);
  const owner = await Member.owner(server.url, 'anna', 'Anna');
  const enter = async (/** @type {string} */ name) => {
    const context = await freshBrowser(t);
    const page = new Page(await context.newPage());
    await page.page.goto(`${url}/room.html`);
    await page.page.locator('[name=username]').fill(name);
    await page.page.getByRole('button').click();
    await page.page.locator('#send').waitFor();
    return page;
  };
  const mei = await enter('美 <b>');
  const tom = await enter('Tom & Co');
  await mei.say('1 < 2 & 3 > 2');
  await tom.shows(['美 <b>: 1 < 2 & 3 > 2']);
  const anna = await chatOf(t, owner);
  await anna.choose('聊天室 Classic room');
  await anna.shows(['1 < 2 & 3 > 2']);
  await anna.say('hello from the web chat');
  await mei.shows(['美 <b>: 1 < 2 & 3 > 2', 'Anna: hello from the web chat']);
  await tom.say('and hello back');
  await anna.shows(['1 < 2 & 3 > 2', 'hello from the web chat', 'and hello back']);
});
