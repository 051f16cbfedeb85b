/** Files on their way: chosen, pasted, dropped; uploads that break off, are refused or cancelled. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { png, text } from '../support/files.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

/** @typedef {import('../support/chat.mjs').Chat} Chat */

test('several files are chosen at once and sent with a text, or alone', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const chat = await chatOf(t, anna);
  const other = await chatOf(t, mei);
  await chat.choose('Mei');
  await other.choose('Anna');
  await choose(
    chat,
    file('lake.png', png(800, 600)),
    file('plan.txt', text('a plan')),
    file('no.txt', text('no')),
  );
  await uploaded(chat, 3);
  const tray = chat.page.getByRole('list', { name: 'Files to be sent' });
  await tray.getByRole('button', { name: 'Remove no.txt' }).click();
  await uploaded(chat, 2);
  await chat.say('As promised');
  await other.page.getByTestId('picture').waitFor();
  await other.page.getByTestId('file').getByText('plan.txt').waitFor();
  assert.deepEqual(await other.texts(), ['As promised']);
  assert.equal(await tray.count(), 0);

  await choose(chat, file('alone.txt', text('alone')));
  await uploaded(chat, 1);
  await chat.page.getByRole('button', { name: 'Send', exact: true }).click();
  await other.page.getByTestId('file').getByText('alone.txt').waitFor();
  assert.deepEqual(await mei.said(conversation), ['As promised', '']);
});

test('files are pasted, and dropped onto a target that shows itself', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const chat = await chatOf(t, anna);
  await chat.choose('Mei');
  await chat.composer.focus();
  await chat.page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['pasted'], 'pasted.txt', { type: 'text/plain' }));
    const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(event);
  });
  await uploaded(chat, 1);

  const drag = (/** @type {string} */ kind, /** @type {string} */ onto) =>
    chat.page.evaluate(
      ([kind = '', onto = '']) => {
        const data = new DataTransfer();
        data.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
        const event = new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
        return document.querySelector(onto)?.dispatchEvent(event) === false;
      },
      [kind, onto],
    );
  const target = chat.page.getByText('Drop files to attach them');
  assert.equal(await drag('dragover', '[data-testid=message], .scroller'), true);
  await target.waitFor();
  assert.equal(await drag('dragover', 'nav'), true, 'The browser would leave the page for it.');
  await target.waitFor({ state: 'detached' });
  await drag('drop', 'nav');
  await drag('dragover', '.scroller');
  await drag('drop', '.scroller');
  await uploaded(chat, 2);
  await target.waitFor({ state: 'detached' });
  await chat.composer.press('Enter');
  await eventually('the message', async () => (await mei.said(conversation)).length === 1);
});

test('a message waits for its upload, which goes on after the server was killed', async (t) => {
  const { server, anna, mei, conversation } = await two(t);
  const chat = await chatOf(t, anna);
  const { page } = chat;
  await chat.choose('Mei');
  /** @type {string[]} */
  const asked = [];
  /** @type {() => void} */
  let release = () => undefined;
  const held = new Promise((resolve) => (release = () => resolve(undefined)));
  await page.route('**/v1/files/f*', async (route) => {
    const first = asked.length === 0;
    asked.push(route.request().method());
    if (!first) return route.continue();
    await held;
    return route.abort();
  });
  await choose(chat, file('long.txt', text('x'.repeat(300_000))));
  await page.locator('[data-testid=attached][data-state=going]').waitFor();
  await page.getByRole('progressbar', { name: 'Upload of long.txt' }).waitFor();
  await chat.say('It comes');
  await page.getByText('Sends when 1 file is uploaded').waitFor();
  await chat.say('This one needs no upload');
  await eventually('the second message', async () => (await mei.said(conversation)).length === 1);
  const warns = () =>
    page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
  assert.equal(await warns(), true);

  await server.end('SIGKILL');
  release();
  await server.again();
  await page.getByTestId('file').getByText('long.txt').waitFor();
  assert.deepEqual(await mei.said(conversation), ['This one needs no upload', 'It comes']);
  assert.deepEqual([...new Set(asked)], ['PATCH', 'HEAD'], 'It asked how far it was, and went on.');
  assert.equal(await page.getByTestId('posts').count(), 0);
  assert.equal(await warns(), false);
});

test('what the site does not take is said in plain words, and holds the message up', async (t) => {
  const { anna, mei, conversation } = await two(t, '--files-mib-max', '1', '--files-person-mib', '1');
  const chat = await chatOf(t, anna);
  const { page } = chat;
  await chat.choose('Mei');
  const mib = 1024 * 1024;
  await choose(chat, file('large.bin', new Uint8Array(mib + 1)), file('empty.txt', text('')));
  await page.getByText('This file is larger than the site allows.').waitFor();
  await page.getByText('This file is empty, or it is a folder.').waitFor();
  await chat.composer.fill('with them');
  assert.equal(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled(), true);
  await page.getByRole('button', { name: 'Remove large.bin' }).click();
  await page.getByRole('button', { name: 'Remove empty.txt' }).click();

  await choose(chat, file('first.bin', new Uint8Array(mib / 2)));
  await uploaded(chat, 1);
  await choose(chat, file('second.bin', new Uint8Array(mib - 10)));
  await page.getByText('There is no room left for files.').waitFor();
  await page.getByRole('button', { name: 'Remove second.bin' }).click();
  await chat.composer.press('Enter');
  await eventually('the message', async () => (await mei.said(conversation)).length === 1);
});

test('a file that is taken away is deleted on the server, while it comes and when it is there', async (t) => {
  const { server, anna } = await two(t);
  const chat = await chatOf(t, anna);
  const { page } = chat;
  await chat.choose('Mei');
  /** @type {string[]} */
  const begun = [];
  page.on('response', async (response) => {
    if (response.request().method() !== 'POST' || !response.url().endsWith('/v1/files')) return;
    begun.push((await response.json()).id);
  });
  await choose(chat, file('there.txt', text('there')));
  await uploaded(chat, 1);
  await page.route('**/v1/files/f*', (route) =>
    route.request().method() === 'PATCH' ? undefined : route.continue(),
  );
  await choose(chat, file('coming.txt', text('coming')));
  await eventually('both have begun', () => begun.length === 2);
  await page.getByRole('button', { name: 'Remove there.txt' }).click();
  await page.getByRole('button', { name: 'Remove coming.txt' }).click();
  const states = () =>
    Promise.all(
      begun.map(async (id) => {
        const response = await fetch(`${server.url}/v1/files/${id}`, {
          method: 'HEAD',
          headers: { cookie: anna.cookie },
        });
        return response.status;
      }),
    );
  await becomes('what the server says of them', states, [404, 404]);
  assert.equal(await page.getByTestId('tray').count(), 0);
});

test('a phone takes a picture', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, locale: 'zh-CN' };
  const chat = await chatOf(t, anna, phone);
  const { page } = chat;
  await page.getByTestId('conversation').getByRole('link').tap();
  await page.getByRole('button', { name: '添加文件' }).tap();
  const chosen = page.waitForEvent('filechooser');
  await page.getByRole('menuitem', { name: '拍照' }).tap();
  const chooser = await chosen;
  assert.equal(await chooser.element().getAttribute('capture'), 'environment');
  await chooser.setFiles(file('IMG_0001.png', png(300, 400)));
  await uploaded(chat, 1);
  await page.getByRole('button', { name: '发送', exact: true }).tap();
  await page.getByTestId('picture').waitFor();
  assert.equal((await mei.said(conversation)).length, 1);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
});

/** @param {string} name @param {Uint8Array} bytes */
function file(name, bytes) {
  const mimeType = name.endsWith('.png') ? 'image/png' : 'text/plain';
  return { name, mimeType, buffer: Buffer.from(bytes) };
}

/** @param {Chat} chat @param {ReturnType<typeof file>[]} files */
function choose(chat, ...files) {
  return chat.page.getByTestId('attach').setInputFiles(files);
}

/** @param {Chat} chat @param {number} count */
function uploaded(chat, count) {
  const states = () =>
    chat.page
      .getByTestId('tray')
      .getByTestId('attached')
      .evaluateAll((all) => all.map((each) => each.getAttribute('data-state')));
  return becomes(
    'the files in the tray',
    states,
    Array.from({ length: count }, () => 'ready'),
  );
}

/**
 * Anna and Mei, and their conversation.
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 */
async function two(t, ...args) {
  const server = await Server.start(t, ...args);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  return { server, anna, mei, conversation: await anna.direct(mei) };
}
