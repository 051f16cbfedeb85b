/**
 * Takes the pictures of docs/images from a scene that it sets itself: `make build && npm run pictures -w e2e`.
 *
 * The scene is a team that writes English and Chinese. Look at every picture before it is committed.
 */
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';

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
