/** No serious or critical finding of axe-core, on any screen, in both languages and both themes. */
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf, freshBrowser } from '../support/browser.mjs';
import { png, text } from '../support/files.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { eventually } from '../support/wait.mjs';

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
      const own = await anna.room('An open room 🌒', [], true);
      await anna.say(direct, 'Hello');
      await mei.say(direct, '你好, see https://encke.example/ and **this**');
      const kitchen = await mei.room('Kitchen', [anna]);
      await mei.say(kitchen, `<@${anna.id}> lunch`);
      const bo = await anna.adds('bo', 'Bo');
      await anna.call('PUT', `/v1/conversations/${own}/bans/${bo.id}`);
      const kim = await anna.adds('kim', 'Kim');
      for (const one of [mei, kim]) await one.call('POST', `/v1/conversations/${own}/join`, {});
      const { seq } = await mei.say(own, 'spam');
      await kim.call('POST', `/v1/conversations/${own}/messages/${seq}/report`, { reason: 'It is spam' });
      await anna.call('PUT', `/v1/blocks/${bo.id}`);
      const { secret } = await mei.call('POST', `/v1/conversations/${kitchen}/links`, {});
      const old = await anna.room('Old things', []);
      await anna.call('PATCH', `/v1/conversations/${old}/choices`, { archived: true });
      await anna.call('PATCH', `/v1/conversations/${own}/choices`, { muted_until: 9e12, pinned: true });

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
      await page.getByTestId('archive').click();
      await list.filter({ hasText: 'Old things' }).waitFor();
      await clean(page, 'the archive');
      await page.locator('nav .archive button').click();
      await list.first().click({ button: 'right' });
      await page.getByRole('menu').waitFor();
      await clean(page, 'the menu of a conversation');
      await page.getByRole('menuitem').nth(2).click();
      await page.getByRole('radio').last().check();
      await clean(page, 'a new folder');
      await page.getByRole('dialog').getByRole('textbox').fill('Folder');
      await page.getByRole('dialog').locator('button[type=submit]').click();
      await page.locator('nav .folders').waitFor();
      await clean(page, 'folders');
      await list.filter({ hasText: '你好' }).getByRole('link').click();
      await page.getByTestId('message').nth(1).waitFor();
      await page.locator('[data-phase=live]').waitFor();
      await clean(page, 'thread');
      await page.getByTestId('message').nth(1).focus();
      await page.keyboard.press('!');
      await page.getByRole('dialog').locator('textarea').waitFor();
      await clean(page, 'a report');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
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
      // For a moment after a message was sent the microphone takes no press: it has come in the place of the arrow.
      await eventually('a recording', async () => {
        if (await page.locator('[data-stage]').isVisible()) return true;
        await page
          .locator('.composer .box button')
          .last()
          .press('Enter', { timeout: 1_000 })
          .catch(() => null);
        return false;
      });
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
      await mei.call('PUT', `/v1/conversations/${kitchen}/members/${anna.id}/mute`, { seconds: 600 });
      await page.getByTestId('shut').waitFor();
      await clean(page, 'a room in which one is muted');
      await list.filter({ hasText: 'An open room' }).getByRole('link').click();
      await page.locator('.thread-pane header button').last().click();
      await page.getByRole('switch').nth(1).waitFor();
      await clean(page, 'a room of one’s own');
      for (const [at, entry] of ['made-link', 'report', 'ban', 'audit-entry'].entries()) {
        await page.getByRole('complementary').locator('.line').nth(at).click();
        if (at === 0) await page.getByRole('complementary').locator('button[type=submit]').click();
        await page.getByTestId(entry).first().waitFor();
        await clean(page, entry);
        await page.getByRole('complementary').locator('header button').first().click();
      }
      await page.getByRole('complementary').locator('h3').waitFor();
      await page.evaluate((hash) => (location.hash = hash), `#join=${secret}`);
      await page.getByTestId('linked-room').locator('h3').waitFor();
      await clean(page, 'the room of a link');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });

      for (const menu of ['connection', 'account']) {
        await page.getByTestId(menu).click();
        await page.getByRole('menu').waitFor();
        await clean(page, `the menu ${menu}`);
        await page.keyboard.press('Escape');
      }
      await page.locator('nav header button').nth(1).click();
      await page.getByRole('dialog').locator('li').first().waitFor();
      for (let tab = 0; tab < 3; tab += 1) {
        await page.getByRole('tab').nth(tab).click();
        await clean(page, `new conversation, tab ${tab + 1}`);
      }
      await page.keyboard.press('Escape');
      // Profile, notifications, blocked people, keyboard help, settings, password, sign out everywhere: the items of the account menu, but for the seventh.
      for (const item of [0, 1, 2, 3, 4, 5, 7]) {
        await page.getByTestId('account').click();
        await page.getByRole('menuitem').nth(item).click();
        await page.getByRole('dialog').waitFor();
        await clean(page, `dialog ${item + 1} of the account menu`);
        if (item === 4) {
          await page.getByRole('tab').nth(1).click();
          await page.getByRole('dialog').locator('li').first().waitFor();
          await clean(page, 'people of the site');
          await page.getByRole('tab').nth(2).click();
          await page.getByRole('dialog').locator('[role=status]').waitFor();
          await clean(page, 'reports to the site');
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
