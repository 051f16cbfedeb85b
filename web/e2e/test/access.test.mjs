/** No serious or critical finding of axe-core, on any screen, in both languages and both themes. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { chatOf, freshBrowser } from '../support/browser.mjs';
import { png, text } from '../support/files.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

for (const locale of ['en-GB', 'zh-CN']) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    test(`everybody can use it: ${locale}, ${colorScheme}`, async (t) => {
      const server = await Server.start(t);
      const options = { locale, colorScheme };
      const setup = await (await freshBrowser(t, options)).newPage();
      await setup.goto(server.url);
      await setup.locator('input[name=password]').waitFor();
      await clean(setup, 'first visit');

      const anna = await Member.owner(server.url, 'anna', 'Anna');
      await anna.call('PATCH', '/v1/settings', { guests: true });
      const mei = await anna.adds('mei', '美 Mei');
      const direct = await anna.direct(mei);
      await anna.room('An open room 🌒', [], true);
      await anna.say(direct, 'Hello');
      await mei.say(direct, '你好, see https://encke.example/ and **this**');
      const kitchen = await mei.room('Kitchen', [anna]);
      await mei.say(kitchen, `<@${anna.id}> lunch`);

      await setup.reload();
      await setup.locator('input[name=password]').waitFor();
      await clean(setup, 'sign-in');
      await setup.locator('button.other').click();
      await setup.locator('input[name=display_name]').waitFor();
      await clean(setup, 'guest entrance');

      const chat = await chatOf(t, anna, { ...options, permissions: ['microphone'] });
      const { page } = chat;
      const list = page.getByTestId('conversation');
      await list.nth(2).waitFor();
      await clean(page, 'list');
      await list.filter({ hasText: '你好' }).getByRole('link').click();
      await page.getByTestId('message').nth(1).waitFor();
      await page.locator('[data-phase=live]').waitFor();
      await clean(page, 'thread');
      await page.getByTestId('message').last().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menu').waitFor();
      await clean(page, 'the menu of a message');
      await page.keyboard.press('Home');
      await page.keyboard.press('Enter');
      await page.locator('.reactions button').waitFor();
      await clean(page, 'a reaction');
      await page.getByTestId('message').last().focus();
      await page.keyboard.press('r');
      await page.getByTestId('answering').waitFor();
      await clean(page, 'what is answered');
      await page.keyboard.type('so');
      await page.keyboard.press('ControlOrMeta+Enter');
      await page
        .locator('[data-tick=stored], [data-tick=delivered], [data-tick=read]')
        .last()
        .getByTestId('quote')
        .waitFor();
      await page.getByTestId('message').last().focus();
      await page.keyboard.press('Delete');
      await page.locator('.notice .action').waitFor();
      await clean(page, 'a recall that can be undone');
      await page.keyboard.press('Delete');
      await page.locator('.notice').waitFor({ state: 'detached' });
      await page.getByTestId('attach').setInputFiles([
        { name: 'lake.png', mimeType: 'image/png', buffer: Buffer.from(png(60, 40)) },
        { name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from(text('a plan')) },
        { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.from('') },
      ]);
      await page.locator('[data-testid=attached][data-state=ready]').nth(1).waitFor();
      await clean(page, 'attached files');
      await page.locator('[data-state=refused] button').last().click();
      await page.locator('textarea[data-composer]').press('Enter');
      await page.locator('[data-row=message] [data-testid=picture] img').waitFor();
      await page.locator('[data-row=message]').getByTestId('file').waitFor();
      await clean(page, 'files in a message');
      await page.getByTestId('picture').click();
      await page.locator('dialog img').waitFor();
      await clean(page, 'a large picture');
      await page.keyboard.press('Escape');
      await page.locator('dialog img').waitFor({ state: 'detached' });
      await page.locator('.composer .box button').last().press('Enter');
      await page.locator('[data-stage=recording]').waitFor();
      await clean(page, 'a recording');
      await page.keyboard.press('Escape');
      await page.keyboard.press('ControlOrMeta+k');
      await page.getByRole('option').first().waitFor();
      await clean(page, 'the palette');
      await page.keyboard.press('Escape');
      await page.keyboard.press('ControlOrMeta+Shift+f');
      await page.locator('[data-search-field]').waitFor();
      await clean(page, 'the search');
      await page.keyboard.type('你好');
      await page.getByTestId('found').first().waitFor();
      await clean(page, 'what is found');
      await page.keyboard.type(' from:');
      await page.getByRole('option').first().waitFor();
      await clean(page, 'values of a filter');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.getByRole('search').waitFor({ state: 'detached' });
      await page.locator('.thread-pane header button').last().click();
      await page.getByRole('complementary').waitFor();
      await clean(page, 'a person');
      await list.filter({ hasText: 'Kitchen' }).getByRole('link').click();
      await page.locator('.thread-pane header button').last().click();
      await page.getByTestId('member').first().waitFor();
      await clean(page, 'a room');

      for (const menu of ['connection', 'account']) {
        await page.getByTestId(menu).click();
        await page.getByRole('menu').waitFor();
        await clean(page, `the menu ${menu}`);
        await page.keyboard.press('Escape');
      }
      await page.locator('nav header button').first().click();
      await page.getByRole('dialog').locator('li').first().waitFor();
      for (let tab = 0; tab < 3; tab += 1) {
        await page.getByRole('tab').nth(tab).click();
        await clean(page, `new conversation, tab ${tab + 1}`);
      }
      await page.keyboard.press('Escape');
      // Notifications, keyboard help, settings, password, sign out everywhere: the items of the account menu, but for the fifth.
      for (const item of [0, 1, 2, 3, 5]) {
        await page.getByTestId('account').click();
        await page.getByRole('menuitem').nth(item).click();
        await page.getByRole('dialog').waitFor();
        await clean(page, `dialog ${item + 1} of the account menu`);
        if (item === 2) {
          await page.getByRole('tab').nth(1).click();
          await page.getByRole('dialog').locator('li').first().waitFor();
          await clean(page, 'people of the site');
        }
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      await page.context().setOffline(true);
      await page.locator('[data-phase=offline]').waitFor();
      await clean(page, 'offline');
    });
  }
}

/** @param {import('playwright-core').Page} page @param {string} screen */
async function clean(page, screen) {
  // An element that fades in has half its contrast on the way.
  await page.evaluate(async () => {
    const passing = document
      .getAnimations()
      .filter((each) => each.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(passing.map((each) => each.finished));
  });
  await page.evaluate(axe);
  const findings = await page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document, {
      resultTypes: ['violations'],
    });
    return violations
      .filter((/** @type {any} */ each) => each.impact === 'serious' || each.impact === 'critical')
      .map((/** @type {any} */ each) => ({
        rule: each.id,
        help: each.help,
        where: each.nodes.map(
          (/** @type {any} */ node) => `${node.target.join(' ')}: ${node.failureSummary}`,
        ),
      }));
  });
  assert.deepEqual(findings, [], screen);
}
