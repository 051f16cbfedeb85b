/** Phone and desktop, keyboard and input method, and what others write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, freshBrowser, openChat } from '../support/browser.mjs';
import { Member, password } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('on a phone: from the list to the thread and back, one at a time', async (t) => {
  const { anna, mei, conversation } = await two(t);
  await mei.say(conversation, 'Are you on the train?');
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
  const chat = await chatOf(t, anna, phone);
  await chat.list.waitFor();
  assert.equal(await chat.page.getByRole('textbox', { name: /^Message to/ }).count(), 0);

  await chat.entry('Mei').getByRole('link').tap();
  await chat.thread('Mei').waitFor();
  await chat.list.waitFor({ state: 'hidden' });
  await chat.composer.fill('Yes, nearly there');
  await chat.page.getByRole('button', { name: 'Send', exact: true }).tap();
  await chat.shows(['Are you on the train?', 'Yes, nearly there']);
  const box = await chat.composer.boundingBox();
  assert.ok(box !== null && box.y + box.height <= 844, 'the composer is within the screen');
  assert.equal(await chat.page.evaluate(() => document.documentElement.scrollWidth), 390);

  await chat.page.getByRole('button', { name: 'Details' }).tap();
  await chat.page.getByRole('complementary', { name: 'Details' }).waitFor();
  await chat.page.getByRole('complementary').getByRole('button', { name: 'Close' }).tap();
  await chat.page.getByRole('button', { name: 'Back' }).tap();
  await chat.list.waitFor();
  await chat.composer.waitFor({ state: 'hidden' });

  // The browser's own Back does the same.
  await chat.entry('Mei').getByRole('link').tap();
  await chat.thread('Mei').waitFor();
  await chat.page.goBack();
  await chat.list.waitFor();
});

test('on a desktop: list and thread side by side', async (t) => {
  const { anna } = await two(t);
  const chat = await chatOf(t, anna);
  await chat.choose('Mei');
  const list = await chat.list.boundingBox();
  const thread = await chat.thread('Mei').boundingBox();
  assert.ok(list !== null && thread !== null && list.x + list.width <= thread.x);
});

test('everything by keyboard: sign in, choose, write, menus and dialogs', async (t) => {
  const { server, mei, conversation } = await two(t);
  await mei.say(conversation, 'No mouse?');
  const chat = await openChat(await freshBrowser(t), server.url);
  const { page } = chat;
  const { keyboard } = page;
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: at } = document;
      return at?.getAttribute('aria-label') ?? at?.getAttribute('name') ?? at?.textContent?.trim() ?? '';
    });
  /** Presses a key until the focus is there. @param {string} key @param {RegExp} name */
  const until = async (key, name) => {
    const seen = [];
    for (let count = 0; count < 40; count += 1) {
      const at = await focused();
      if (name.test(at)) return;
      seen.push(at);
      await keyboard.press(key);
    }
    assert.fail(`${key} never reaches ${name}: ${seen.join(' | ')}`);
  };

  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await until('Tab', /^name$/);
  await keyboard.type('anna');
  await keyboard.press('Tab');
  await keyboard.type(password);
  await keyboard.press('Enter');
  await chat.entry('Mei').waitFor();

  await until('Tab', /^Mei/);
  await keyboard.press('Enter');
  await chat.thread('Mei').waitFor();
  await becomes('the focus', focused, 'Message to Mei');
  await keyboard.type('Only keys');
  await keyboard.press('Shift+Enter');
  await keyboard.type('and a break');
  await keyboard.press('Enter');
  await chat.shows(['No mouse?', 'Only keys\nand a break']);
  await becomes('the focus', focused, 'Message to Mei');

  // A menu: opened, walked, closed; the focus comes back.
  await until('Shift+Tab', /^Connection: /);
  await keyboard.press('Enter');
  await becomes('the focus', focused, 'Automatic');
  await until('ArrowDown', /^Long poll$/);
  await keyboard.press('Enter');
  await chat.isLiveOver('long-poll');
  await until('Shift+Tab', /^Connection: /);
  await keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  await keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
  assert.match(await focused(), /^Connection: /);

  // A dialog: opened from its button, left with Escape; the focus comes back.
  await until('Shift+Tab', /^New conversation$/);
  await keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'New conversation' }).waitFor();
  await until('Shift+Tab', /^Person$/);
  await keyboard.press('ArrowRight');
  await page.getByRole('textbox', { name: 'Room title' }).waitFor();
  await keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await becomes('the focus', focused, 'New conversation');

  // And a whole task: a room, made without a mouse.
  await keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'New conversation' }).waitFor();
  await until('Shift+Tab', /^Person$/);
  await keyboard.press('ArrowRight');
  await page.getByRole('textbox', { name: 'Room title' }).waitFor();
  await keyboard.press('Tab');
  await keyboard.type('Keys only');
  await keyboard.press('Enter');
  await chat.thread('Keys only').waitFor();

  await keyboard.press('Escape');
  await page.getByText('Choose a conversation').waitFor();
  await until('Tab', /^Keys only/);
  await keyboard.press('ArrowDown');
  assert.match(await focused(), /^Mei/);
});

test('a dialog that is asked for again the moment it closes is there again', async (t) => {
  const { anna } = await two(t);
  const { page } = await chatOf(t, anna);
  await page.getByRole('button', { name: 'New conversation' }).click();
  const dialog = page.getByRole('dialog', { name: 'New conversation' });
  await dialog.waitFor();
  // Nothing of the browser's own comes between the two, as between two keys on a busy machine.
  const again = await page.evaluate(async () => {
    /** @type {HTMLElement | null} */ (document.querySelector('dialog header button'))?.click();
    // The page has drawn it, but the browser has had no turn.
    for (let turn = 0; turn < 20; turn += 1) await null;
    /** @type {HTMLElement | null} */ (document.querySelector('[aria-label="New conversation"]'))?.click();
    const later = () => new Promise((resolve) => setTimeout(resolve));
    // The browser's `close` of the first one comes as a task of its own.
    for (let task = 0; task < 5; task += 1) await later();
    return document.querySelector('dialog[open]') !== null;
  });
  assert.ok(again, 'the dialog is open');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
});

test('an input method that composes never sends', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const chat = await chatOf(t, anna);
  await chat.choose('Mei');
  await chat.composer.focus();

  // As Chromium does it with a real one: composition, and Enter as key 229 while it lasts.
  const cdp = await chat.page.context().newCDPSession(chat.page);
  const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, nativeVirtualKeyCode: 13 };
  await cdp.send('Input.imeSetComposition', { text: 'nihao', selectionStart: 5, selectionEnd: 5 });
  await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter });
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter });
  await cdp.send('Input.insertText', { text: '你好' });
  assert.equal(await chat.composer.inputValue(), '你好');

  // As Safari does it: the composition is over, then comes its Enter, still as key 229.
  await chat.composer.evaluate((area) => {
    area.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    area.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, data: '好' }));
    const init = { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true };
    area.dispatchEvent(new KeyboardEvent('keydown', init));
    // As Firefox does it: `isComposing`, with the key's own code.
    area.dispatchEvent(new KeyboardEvent('keydown', { ...init, keyCode: 13, isComposing: true }));
  });
  assert.equal(await chat.composer.inputValue(), '你好');

  // The next Enter is the writer's own, and it is the first that sends.
  await chat.composer.press('Enter');
  await chat.shows(['你好']);
  await becomes('the log', () => mei.said(conversation), ['你好']);
});

test('messages are shown as text and nothing else', async (t) => {
  const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>"'&amp;</textarea><svg onload=alert(3)>`;
  const { server, anna } = await two(t);
  await anna.call('PATCH', '/v1/settings', { site_name: '<b onclick=alert(4)>Site</b>' });
  const name = '<img src=x onerror=alert(5)>';
  const bo = await anna.adds('bo', name);
  const direct = await bo.direct(anna);
  const room = await bo.room('<script>alert(6)</script>', [anna]);
  const texts = [
    evil,
    'javascript:alert(7)',
    'https://x.example/"onmouseover="alert(8)',
    '</script><script>alert(9)',
  ];
  for (const text of texts) {
    await bo.say(direct, text);
    await bo.say(room, text);
  }
  await bo.call('PATCH', `/v1/conversations/${room}`, { title: '<iframe srcdoc=x>' });

  const chat = await chatOf(t, anna);
  await becomes('the title', () => chat.page.title(), '(9) <b onclick=alert(4)>Site</b>');
  await chat.choose(name);
  await chat.shows(texts);
  assert.equal(await chat.page.locator('.rich a[href^="javascript" i], .rich a[onmouseover]').count(), 0);
  await chat.choose('<iframe srcdoc=x>');
  await chat.shows(texts);
  await chat.openDetails();
  await chat.page.getByText('<b onclick=alert(4)>Site</b>').waitFor();
  assert.equal(await chat.page.locator('#app img, #app script, #app iframe, #app b[onclick]').count(), 0);

  // Over the forever iframe it travels inside a script.
  await chat.chooseTransport('iframe');
  await chat.isLiveOver('iframe');
  await bo.say(room, `${evil}</script><!--\u2028`);
  await chat.shows([...texts, `${evil}</script><!--\u2028`]);
  assert.equal(new URL(chat.page.url()).origin, server.url);
});

/** @param {import('node:test').TestContext} t */
async function two(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  return { server, anna, mei, conversation: await anna.direct(mei) };
}
