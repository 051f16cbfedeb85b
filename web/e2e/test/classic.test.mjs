/**
 * Pages in the style of the Comet tutorials, behind nginx as the guide sets it up: two browsers talk over each protocol.
 * Those in `inserting/`, the live page and the editor's insert what they are given as HTML, as the tutorials do; the
 * others escape it themselves.
 */
import assert from 'node:assert/strict';
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

/** Texts that run where they are inserted as they are; a dialog fails the test. */
const hostile = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(2)</script>',
  '<svg onload=alert(3)></svg>',
  '<a href="javascript:alert(4)">here</a>',
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

  /** Nothing in the log is more than a line of text. */
  async isPlain() {
    assert.equal(
      await this.page.locator('#log > * *').count(),
      0,
      await this.page.locator('#log').innerHTML(),
    );
  }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 */
async function site(t, ...args) {
  const server = await Server.start(t, '--classic', '--classic-identity', 'trust', ...args);
  return { server, url: await classicSite(t, server.url) };
}

/**
 * A page of the room, after its form.
 * @param {import('node:test').TestContext} t
 * @param {string} url
 * @param {string} name
 */
async function enter(t, url, name, room = '/inserting/room.html') {
  const context = await freshBrowser(t);
  const page = new Page(await context.newPage());
  await page.page.goto(`${url}/room.html`);
  await page.page.locator('[name=username]').fill(name);
  await page.page.getByRole('button').click();
  await page.page.locator('#send').waitFor();
  if (room !== '/chat.php') await page.page.goto(`${url}${room}`, { waitUntil: 'commit' });
  await page.page.locator('#send').waitFor();
  return page;
}

test('web IM', async (t) => {
  const { url } = await site(t);
  const one = await Page.open(t, `${url}/inserting/webim.html?me=1&you=2`);
  const two = await Page.open(t, `${url}/inserting/webim.html?me=2&you=1`);
  const window = await Page.open(t, `${url}/inserting/webim.html?me=2&you=1`);
  const all = [...texts, ...hostile];
  for (const [n, text] of all.entries()) {
    await one.say(text);
    await two.shows(all.slice(0, n + 1));
    await window.shows(all.slice(0, n + 1));
  }
  await two.isPlain();
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
  const all = ['你好 👋, 100% & more', ...hostile, '<br>&lt;', 'x'.repeat(3_000)];
  for (const [n, text] of all.entries()) {
    await one.say(text);
    await two.shows(all.slice(0, n + 1));
  }
  await one.shows(all);
  for (const page of [one, two]) await page.isPlain();
});

test('customer service', async (t) => {
  const { server, url } = await site(t);
  const user = await Page.open(t, `${url}/inserting/kefu.html?me=user5`);
  const agent = await Page.open(t, `${url}/inserting/agent.html`);
  const all = [...texts, ...hostile];
  for (const [n, text] of all.entries()) {
    await user.say(text);
    await agent.shows(all.slice(0, n + 1).map((each) => `user5: ${each}`));
  }
  const answers = ['raw "answer" 你好', ...hostile];
  for (const [n, text] of answers.entries()) {
    await agent.say(text);
    await user.shows(answers.slice(0, n + 1).map((each) => `admin: ${each}`));
  }
  for (const page of [user, agent]) await page.isPlain();
  // A page that is reloaded swallows nothing and shows nothing twice.
  await user.page.reload({ waitUntil: 'commit' });
  await agent.say('after the reload');
  await user.shows(['admin: after the reload']);
  // The frame loads itself again after the server was away.
  await server.end('SIGTERM');
  await server.again();
  const again = await Page.open(t, `${url}/inserting/kefu.html?me=user6`);
  await again.say('are you back?');
  const questions = all.map((each) => `user5: ${each}`);
  await agent.shows([...questions, 'user6: are you back?']);
});

test('editor', async (t) => {
  const { url } = await site(t);
  const one = await Page.open(t, `${url}/extchat.html`);
  const two = await Page.open(t, `${url}/extchat.html`);
  await one.say('<b>bold</b> 你好');
  await two.shows(['bold 你好']);
  await two.say(`<i>and back</i>${hostile.join('')}<a href="https://example.com/">there</a>`);
  for (const page of [one, two]) {
    await page.shows(['bold 你好', 'and backherethere']);
    assert.equal(await page.page.locator('#log b').textContent(), 'bold');
    assert.equal(await page.page.locator('#log i').textContent(), 'and back');
    assert.equal(await page.page.locator('#log').locator('img, script, svg, iframe').count(), 0);
    const links = await page.page
      .locator('#log a')
      .evaluateAll((all) => all.map((each) => [each.textContent, each.getAttribute('href')]));
    assert.deepEqual(links, [
      ['here', null],
      ['there', 'https://example.com/'],
    ]);
    // This page dies of an answer that is no JSON, such as nginx's own when the server is gone.
    await page.page.goto('about:blank');
  }
});

test('a room, and the web chat in it', async (t) => {
  const { server, url } = await site(t);
  const owner = await Member.owner(server.url, 'anna', 'Anna');
  const name = `美 ${hostile[0]}`;
  const mei = await enter(t, url, name);
  const tom = await enter(t, url, 'Tom & Co');
  await mei.say('1 < 2 & 3 > 2');
  await tom.shows([`${name}: 1 < 2 & 3 > 2`]);
  const anna = await chatOf(t, owner);
  await anna.choose('聊天室 Classic room');
  await anna.shows(['1 < 2 & 3 > 2']);
  await anna.say('hello from the web chat');
  await mei.shows([`${name}: 1 < 2 & 3 > 2`, 'Anna: hello from the web chat']);
  for (const text of hostile) await tom.say(text);
  const all = ['1 < 2 & 3 > 2', 'hello from the web chat', ...hostile];
  await anna.shows(all);
  const [first, second, ...others] = all;
  const lines = [`${name}: ${first}`, `Anna: ${second}`, ...others.map((each) => `Tom & Co: ${each}`)];
  for (const page of [mei, tom]) {
    await page.shows(lines);
    await page.isPlain();
  }
});

test('pages that escape for themselves', async (t) => {
  const { url } = await site(t, '--classic-html', 'raw');
  const all = [...texts, ...hostile];
  const one = await Page.open(t, `${url}/webim.html?me=1&you=2`);
  const two = await Page.open(t, `${url}/webim.html?me=2&you=1`);
  for (const text of all) await one.say(text);
  await two.shows(all);
  const user = await Page.open(t, `${url}/kefu.html?me=user5`);
  const agent = await Page.open(t, `${url}/agent.html`);
  for (const text of all) await user.say(text);
  await agent.shows(all.map((each) => `user5: ${each}`));
  await agent.say('<b>');
  await user.shows(['admin: <b>']);
  const mei = await enter(t, url, '美 <b>', '/chat.php');
  for (const text of all) await mei.say(text);
  await mei.shows(all.map((each) => `美 <b>: ${each}`));
  for (const page of [two, user, agent, mei]) await page.isPlain();
});
