/** Help first: articles are written in the console and read as plain pages; what the settings hold besides; the wall board. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { freshBrowser } from '../support/browser.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('an article is written in two languages, published, read without scripts, found, and taken away', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const desk = await deskOf(anna, []);
  const { page } = await DeskPage.open(t, anna);
  await page.getByRole('link', { name: 'Articles' }).click();
  await page.getByText('There are no articles yet').waitFor();
  await clean(page, 'no articles');
  await page.getByRole('button', { name: 'New article' }).click();
  await page.getByLabel('Title, English').fill('Returning <i>things');
  await page.getByLabel('Text, English').fill('# In short\n\nSend it **back** within 30 days.');
  await page.getByLabel('Title, Chinese').fill('如何退货');
  await page.getByLabel('Text, Chinese').fill('三十天内可以退货。');
  const preview = page.getByRole('group', { name: 'Preview, English' });
  await preview.locator('strong').getByText('back', { exact: true }).waitFor();
  await page.getByText('Everybody may read it').click();
  await clean(page, 'the editor of articles');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').first().waitFor();
  await page.getByRole('link', { name: 'Open its page' }).waitFor();
  assert.match(new URL(page.url()).hash, /\/articles\/\d+$/);

  // Everybody reads it, also where no script runs.
  const context = await freshBrowser(t, { javaScriptEnabled: false, locale: 'en-US' });
  const reader = await context.newPage();
  await reader.goto(`${server.url}/help/${desk.key}`);
  await reader.getByLabel('Search the articles').fill('how to return');
  await reader.getByRole('button', { name: 'Search' }).click();
  await reader.getByRole('link', { name: 'Returning <i>things' }).click();
  await reader.getByRole('heading', { level: 1, name: 'Returning <i>things' }).waitFor();
  assert.equal(await reader.locator('strong').textContent(), 'back');
  assert.match(new URL(reader.url()).pathname, /\/returning-i-things$/);
  await reader.getByRole('link', { name: '中文' }).click();
  await reader.getByRole('heading', { level: 1, name: '如何退货' }).waitFor();
  assert.equal(await reader.locator('html').getAttribute('lang'), 'zh-CN');

  // axe itself is a script, so it looks at the pages in the other browser.
  const seen = await page.context().newPage();
  for (const scheme of /** @type {const} */ (['light', 'dark'])) {
    await seen.emulateMedia({ colorScheme: scheme });
    await seen.goto(`${server.url}/help/${desk.key}`);
    await clean(seen, `the help page, ${scheme}`);
    await seen.getByRole('link', { name: /Returning/ }).click();
    await seen.getByRole('heading', { name: 'In short' }).waitFor();
    await clean(seen, `the page of an article, ${scheme}`);
  }

  await page.getByText('Everybody may read it').click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'Open its page' }).waitFor({ state: 'detached' });
  assert.equal((await reader.reload())?.status(), 404);

  // What is not saved is not lost by a slip, and what is deleted is gone.
  await page.getByLabel('Title, English').fill('Another title');
  await page.getByRole('link', { name: 'All articles' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await page.getByLabel('Title, English').inputValue(), 'Another title');
  await page.getByRole('button', { name: 'Delete the article' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the article' }).click();
  await page.getByText('There are no articles yet').waitFor();
});

test('the form, blocked visitors and automatic away are set in the browser, and the wall board is live', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const desk = await deskOf(anna, []);
  const troll = await desk.visitor('Troll');
  await anna.call('PUT', `/v1/desks/${desk.id}/blocked/${troll.id}`);
  const { page } = await DeskPage.open(t, anna);
  await page.getByRole('link', { name: 'Settings' }).click();
  const fields = page.getByTestId('form-field');
  for (const question of ['Your order', 'Your mail']) {
    await page.getByRole('button', { name: 'Add a question', exact: true }).click();
    await page.keyboard.type(question);
  }
  await fields.last().getByLabel('Kind').selectOption({ label: 'E-mail address' });
  // The order is changed by the keyboard, and the focus goes with the question.
  await page.getByRole('button', { name: 'Move “Your mail” up' }).press('Enter');
  await becomes(
    'the order of the questions',
    () =>
      fields
        .getByLabel('Question, English')
        .evaluateAll((all) => all.map((each) => /** @type {any} */ (each).value)),
    ['Your mail', 'Your order'],
  );
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.').first().waitFor();
  const door = await anna.call('GET', `/v1/desks/${desk.key}/door`);
  assert.deepEqual(
    door.form.map((/** @type {any} */ field) => [field.kind, field.label.en]),
    [
      ['email', 'Your mail'],
      ['text', 'Your order'],
    ],
  );
  await page.getByTestId('blocked').getByRole('button').click();
  await page.getByText('Nobody is blocked.').waitFor();
  await page.getByLabel('Away by itself').selectOption({ label: 'After 5 minutes' });
  await clean(page, 'the settings');

  // Nothing done for five minutes: away. The next key: back. The clock of the page is the test's.
  const availability = async () =>
    (await anna.call('GET', `/v1/desks/${desk.id}/agents`)).agents[0].availability;
  await page.clock.install();
  await page.reload();
  await page.getByTestId('availability').waitFor();
  await page.clock.runFor(6 * 60_000);
  await becomes('the availability of an idle agent', availability, 'away');
  await page.keyboard.press('Shift');
  await becomes('the availability after a key', availability, 'online');

  await page.goto(`${server.url}/desk/#/${desk.id}/board`);
  await page.reload();
  const number = (/** @type {string} */ name) =>
    page.getByTestId(`board-${name}`).locator('dd').textContent();
  await becomes('who waits', () => number('waiting'), '0');
  await (await desk.visitor('Tom')).asks('Is anybody there?');
  await page.clock.runFor(2_000);
  await becomes('who waits now', () => number('waiting'), '1');
  await becomes('what was asked today', () => number('asked'), '1');
  await clean(page, 'the wall board');
});
