/** Voice messages: recorded in the browser, heard before they are sent, played by the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('a voice is recorded by clicks, heard, and sent', async (t) => {
  const { anna, mei } = await two(t);
  const chat = await chatOf(t, anna, { permissions: ['microphone'] });
  const other = await chatOf(t, mei);
  const { page } = chat;
  await chat.choose('Mei');
  await other.choose('Anna');
  await page.getByRole('button', { name: 'Record a voice message' }).click();
  await recordedFor(page, '0:01');
  await page.getByRole('button', { name: 'Stop, and listen first' }).click();
  const heard = page.getByTestId('recorder').locator('audio');
  await heard.waitFor();
  await becomes(
    'that it can be heard',
    () => heard.evaluate((each) => /** @type {HTMLAudioElement} */ (each).readyState > 0),
    true,
  );
  await page.getByRole('button', { name: 'Send the voice message' }).click();
  await other.page.getByTestId('voice').getByText('Voice message').waitFor();
  const facts = (await other.page.getByTestId('voice').textContent()) ?? '';
  assert.match(facts, /0:0[1-9]/);
  const plays = await other.page
    .getByTestId('voice')
    .locator('audio')
    .evaluate(async (each) => {
      const audio = /** @type {HTMLAudioElement} */ (each);
      await audio.play();
      return !audio.paused;
    });
  assert.equal(plays, true);
  await eventually('the tray is empty', async () => (await page.getByTestId('posts').count()) === 0);
  assert.equal(await page.getByTestId('recorder').count(), 0);
});

test('a button that is held records until it is let go; the bin and Escape leave nothing', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const chat = await chatOf(t, anna, { permissions: ['microphone'] });
  const { page } = chat;
  await chat.choose('Mei');
  const button = page.getByRole('button', { name: 'Record a voice message' });
  await button.hover();
  await page.mouse.down();
  await recordedFor(page, '0:01');
  await page.mouse.up();
  await page.locator('[data-testid=recorder][data-stage=review]').waitFor();
  await page.getByRole('button', { name: 'Discard the recording' }).click();
  await button.waitFor();

  await button.focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=recorder][data-stage=recording]').waitFor();
  await page.keyboard.press('Escape');
  await button.waitFor();
  assert.equal(await chat.composer.evaluate((each) => each === document.activeElement), true);
  assert.deepEqual(await mei.said(conversation), []);
});

test('a microphone that is refused, or that the page may not have, is explained', async (t) => {
  const { anna } = await two(t);
  const chat = await chatOf(t, anna, { locale: 'zh-CN' });
  const { page } = chat;
  await page.getByTestId('conversation').getByRole('link').click();
  const record = page.getByRole('button', { name: '录制语音消息' });
  /** @param {string} name */
  const refuse = (name) =>
    page.evaluate((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name));
    }, name);
  await refuse('NotAllowedError');
  await record.click();
  await page.getByRole('alert').getByText('浏览器不允许本站使用麦克风').waitFor();
  await page.getByTestId('recorder').getByRole('button', { name: '关闭' }).click();
  await refuse('NotFoundError');
  await record.click();
  await page.getByRole('alert').getByText('没有找到麦克风').waitFor();
});

/** @param {import('playwright-core').Page} page @param {string} time */
async function recordedFor(page, time) {
  await page.locator('[data-testid=recorder][data-stage=recording]').waitFor();
  await page.getByTestId('recorder').getByText(time).waitFor();
}

/**
 * Anna and Mei, and their conversation.
 * @param {import('node:test').TestContext} t
 */
async function two(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  return { anna, mei, conversation: await anna.direct(mei) };
}
