/** What a person writes: Markdown, code, emoji, people who are called; by keys and by mouse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('Markdown is shown as elements, and nothing in it runs or hides', async (t) => {
  const { mei, conversation, chat } = await two(t);
  await mei.say(
    conversation,
    '# Plan\n**bold** _it_ ~~gone~~ `x*y*`\n\n- one\n  - two\n\n> said\n\n|a|b|\n|-|-:|\n|1|2|\n\n```ts\nconst n = 1; // 数\n```',
  );
  await mei.say(
    conversation,
    '[mail](mailto:a@b.example) [x](javascript:alert(1)) [bank.example](https://evil.test/)',
  );
  await mei.say(conversation, '**你好。**世界 <b onclick=alert(2)>&amp;</b>');
  await mei.say(conversation, `${'>'.repeat(4000)}${'*_a'.repeat(2000)}`);
  await chat.choose('Mei');
  const messages = chat.page.getByTestId('message');
  await messages.nth(3).waitFor();

  const first = messages.first().locator('.rich');
  for (const [selector, text] of [
    ['.heading strong', 'Plan'],
    ['p:not(.heading) > strong', 'bold'],
    ['em', 'it'],
    ['s', 'gone'],
    ['p > code', 'x*y*'],
    ['ul ul li', 'two'],
    ['blockquote', 'said'],
    ['td >> nth=1', '2'],
  ])
    assert.equal((await first.locator(String(selector)).innerText()).trim(), text, selector);
  // The colours come from a thread of their own.
  await first.locator('pre .keyword', { hasText: 'const' }).waitFor();
  await first.locator('pre .comment', { hasText: '数' }).waitFor();
  assert.equal(await first.locator('pre').innerText(), 'const n = 1; // 数');

  const links = messages.nth(1).locator('a');
  assert.deepEqual(
    await links.evaluateAll((all) => all.map((each) => /** @type {HTMLAnchorElement} */ (each).href)),
    ['mailto:a@b.example', 'https://evil.test/'],
  );
  assert.equal(await links.nth(1).innerText(), 'https://evil.test/');
  assert.equal(await links.first().getAttribute('rel'), 'noopener noreferrer nofollow');
  assert.equal(await messages.nth(2).locator('strong').innerText(), '你好。');
  assert.match(await messages.nth(2).locator('.rich').innerText(), /世界 <b onclick=alert\(2\)>&amp;<\/b>/);
  await chat.entry('Mei').getByText('>>>>').waitFor();
});

test('a list of conversations shows what was said without its marks', async (t) => {
  const { mei, anna, conversation, chat } = await two(t);
  await mei.say(conversation, `**Bold** and <@${anna.id}>`);
  await chat.entry('Mei').getByText('Bold and @Anna', { exact: true }).waitFor();
});

test('keys put marks around what is selected, and the browser can undo it', async (t) => {
  const { chat } = await two(t);
  await chat.choose('Mei');
  const { keyboard } = chat.page;
  await chat.composer.fill('hello');
  await chat.composer.press('ControlOrMeta+a');
  await keyboard.press('ControlOrMeta+b');
  assert.equal(await chat.composer.inputValue(), '**hello**');
  await keyboard.press('ControlOrMeta+b');
  assert.equal(await chat.composer.inputValue(), 'hello');
  await keyboard.press('ControlOrMeta+i');
  assert.equal(await chat.composer.inputValue(), '_hello_');
  await keyboard.press('ControlOrMeta+z');
  assert.equal(await chat.composer.inputValue(), 'hello');
  await keyboard.press('End');
  const height = async () => (await chat.composer.boundingBox())?.height ?? 0;
  const before = await height();
  await keyboard.press('Shift+Enter');
  await keyboard.type('more');
  assert.ok((await height()) > before, 'the field grows');
});

test('emoji are found by name, in both languages, and by what is typed after a colon', async (t) => {
  const { chat, mei, conversation } = await two(t);
  await chat.choose('Mei');
  const { page } = chat;
  await page.getByRole('button', { name: 'Emoji', exact: true }).click();
  const picker = page.getByRole('dialog', { name: 'Choose an emoji' });
  const search = picker.getByRole('searchbox', { name: 'Search emoji' });
  await search.fill('披萨');
  await picker.getByRole('button', { name: 'pizza', exact: true }).waitFor();
  await search.fill('pizza');
  await search.press('Enter');
  await picker.waitFor({ state: 'detached' });
  assert.equal(await chat.composer.inputValue(), '🍕');

  await chat.composer.pressSequentially(' :tad');
  const offered = page.getByRole('listbox', { name: 'Suggestions' });
  await offered.getByRole('option', { name: ':tada:' }).waitFor();
  await chat.composer.press('Enter');
  assert.equal(await chat.composer.inputValue(), '🍕 🎉 ');
  // Escape leaves what was typed, and the conversation open.
  await chat.composer.pressSequentially(':sm');
  await offered.waitFor();
  await chat.composer.press('Escape');
  await offered.waitFor({ state: 'detached' });
  assert.equal(await chat.composer.inputValue(), '🍕 🎉 :sm');
  await chat.composer.press('Enter');
  await becomes('the log', () => mei.said(conversation), ['🍕 🎉 :sm']);

  await page.getByRole('button', { name: 'Emoji', exact: true }).click();
  await picker.getByRole('button', { name: 'Food and drink' }).click();
  await picker.getByRole('button', { name: 'grapes' }).click();
  assert.equal(await chat.composer.inputValue(), '🍇');
});

test('somebody is called by name, and the log has the id', async (t) => {
  const { server, anna, mei } = await two(t);
  const bo = await anna.adds('bo', '林晓雨');
  const room = await anna.room('Kitchen', [mei, bo]);
  const chat = await chatOf(t, anna);
  await chat.choose('Kitchen');
  await chat.composer.pressSequentially('Ask @晓');
  const offered = chat.page.getByRole('listbox', { name: 'Suggestions' });
  await offered.getByRole('option', { name: '林晓雨' }).click();
  await chat.composer.pressSequentially('and @me');
  await offered.getByRole('option', { name: 'Mei' }).waitFor();
  await chat.composer.press('Tab');
  assert.equal(await chat.composer.inputValue(), 'Ask @林晓雨 and @Mei ');
  await chat.composer.press('Enter');
  await becomes('the log', () => mei.said(room), [`Ask <@${bo.id}> and <@${mei.id}>`]);
  await chat.shows(['Ask @林晓雨 and @Mei']);

  const other = await chatOf(t, mei, { url: server.url });
  await other.choose('Kitchen');
  await other.page.locator('.mention.me', { hasText: '@Mei' }).waitFor();
  assert.equal(await other.page.locator('.mention.me').count(), 1);
});

/**
 * Anna in a browser, Mei as a script, and their conversation.
 * @param {import('node:test').TestContext} t
 */
async function two(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  const chat = await chatOf(t, anna);
  return { server, anna, mei, conversation, chat };
}
