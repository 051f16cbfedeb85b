/** Files in messages: what is shown in place, what is only offered, and what of it goes when the message goes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { png, text, wav } from '../support/files.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('pictures have their place before they come, and turn pages when they are large', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const lake = await mei.uploads('lake.png', png(1600, 1000));
  await mei.sends(conversation, 'The lake', [lake]);
  const more = [await mei.uploads('a.png', png(600, 500, 1)), await mei.uploads('b.png', png(500, 600, 2))];
  await mei.sends(conversation, '', more);
  const chat = await chatOf(t, anna);
  const { page } = chat;

  /** @type {() => void} */
  let release = () => undefined;
  const held = new Promise((resolve) => (release = () => resolve(undefined)));
  await page.route('**/thumbnail', async (route) => {
    await held;
    await route.continue();
  });
  await chat.entry('Mei').getByText('[2 pictures]').waitFor();
  await chat.choose('Mei');
  const pictures = page.getByTestId('picture');
  await becomes('the pictures', () => pictures.count(), 3);
  const places = () =>
    page.getByTestId('message').evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height));
  const before = await places();
  release();
  const loaded = () =>
    pictures
      .locator('img')
      .evaluateAll((all) =>
        all.every((each) => each instanceof HTMLImageElement && each.complete && each.naturalWidth > 0),
      );
  await eventually('the pictures have come', loaded);
  assert.deepEqual(await places(), before);
  await page.getByRole('button', { name: 'Picture: lake.png' }).waitFor();

  const first = pictures.nth(0);
  await first.focus();
  await page.keyboard.press('Enter');
  const large = page.getByRole('dialog', { name: 'Pictures' });
  await large.getByRole('img', { name: 'Picture: lake.png' }).waitFor();
  await large.getByText('1 of 3').waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowRight');
  await large.getByRole('img', { name: 'Picture: a.png' }).waitFor();
  await large.getByRole('button', { name: 'Next picture' }).click();
  await large.getByText('3 of 3').waitFor();
  const download = page.waitForEvent('download');
  await large.getByRole('link', { name: 'Download' }).click();
  assert.equal((await download).suggestedFilename(), 'b.png');
  await page.keyboard.press('Escape');
  await large.waitFor({ state: 'detached' });
  assert.equal(await first.evaluate((each) => each === document.activeElement), true);
});

test('documents, SVG and HTML are offered by name, size and type, and never shown', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>';
  const html = '<!doctype html><script>alert(3)</script>';
  const files = [
    await mei.uploads('drawing.png', text(svg), { type: 'image/png' }),
    await mei.uploads('page.html', text(html), { type: 'text/html' }),
    await mei.uploads('photo\u202egnp.exe', text('MZ'), { type: 'image/png' }),
    await mei.uploads('<img src=x onerror=alert(4)>.txt', text('a'.repeat(2_048))),
  ];
  await mei.sends(conversation, '', files);
  const chat = await chatOf(t, anna);
  await chat.choose('Mei');
  const offered = chat.page.getByTestId('file');
  await becomes('what is offered', () => offered.count(), 4);
  const titles = await offered.evaluateAll((all) => all.map((each) => each.getAttribute('title')));
  assert.deepEqual(titles.slice(0, 3), ['drawing.png', 'page.html', 'photognp.exe']);
  assert.equal(await chat.page.getByTestId('message').locator('img, iframe, object, embed').count(), 0);
  assert.match((await offered.nth(3).textContent()) ?? '', /2 KB/);
  for (const at of [0, 1]) {
    const download = chat.page.waitForEvent('download');
    await offered.nth(at).click();
    assert.equal((await download).suggestedFilename(), ['drawing.png', 'page.html'][at]);
  }
});

test('sound plays in place, one at a time', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const spoken = await mei.uploads('voice-20261122-093000.wav', wav(4), { duration_ms: 4_000 });
  await mei.sends(conversation, '', [spoken]);
  await anna.sends(conversation, '', [await anna.uploads('song.wav', wav(3), { duration_ms: 3_000 })]);
  const chat = await chatOf(t, anna, { locale: 'zh-CN' });
  const { page } = chat;
  await page.getByTestId('conversation').getByText('[音频]').waitFor();
  await page.getByTestId('conversation').getByRole('link').click();
  await page.getByTestId('voice').getByText('语音消息').waitFor();
  await page.getByTestId('voice').getByText('0:04').waitFor();
  const plays = (/** @type {string} */ kind) =>
    page
      .getByTestId(kind)
      .locator('audio')
      .evaluate((each) => each instanceof HTMLAudioElement && !each.paused);
  const start = (/** @type {string} */ kind) =>
    page
      .getByTestId(kind)
      .locator('audio')
      .evaluate((each) => /** @type {HTMLAudioElement} */ (each).play());
  await start('voice');
  assert.equal(await plays('voice'), true);
  await start('sound');
  await becomes('what plays', async () => [await plays('voice'), await plays('sound')], [false, true]);
});

test('a recalled message takes its files from every screen, and what is refused leaves a plain place', async (t) => {
  const { anna, mei, conversation } = await two(t);
  const gone = await mei.sends(conversation, '', [await mei.uploads('gone.png', png(640, 480))]);
  const broken = await mei.uploads('broken.png', png(640, 480, 1));
  await mei.sends(conversation, '', [broken]);
  const chat = await chatOf(t, anna);
  const { page } = chat;
  await page.route(`**/v1/files/${broken}/thumbnail`, (route) => route.fulfill({ status: 404 }));
  await chat.choose('Mei');
  await page.getByTestId('picture').getByText('This picture can’t be shown.').waitFor();

  await page.getByRole('button', { name: 'Picture: gone.png' }).click();
  const large = page.getByRole('dialog', { name: 'Pictures' });
  await large.getByRole('img', { name: 'Picture: gone.png' }).waitFor();
  await mei.call('DELETE', `/v1/conversations/${conversation}/messages/${gone}`);
  await large.waitFor({ state: 'detached' });
  await becomes('the pictures', () => page.getByTestId('picture').count(), 1);
});

/**
 * Anna and Mei, and their conversation.
 * @param {import('node:test').TestContext} t
 */
async function two(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  return { server, anna, mei, conversation: await anna.direct(mei) };
}
