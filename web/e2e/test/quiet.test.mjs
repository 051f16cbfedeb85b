/** Quiet hours: a page that nobody looks at shows nothing in them, and all devices have the same ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

test('a pause holds on all devices, and nothing is shown or sounds in it; unread messages count on', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const direct = await mei.direct(anna);
  const chat = await chatOf(t, anna);
  const other = await chatOf(t, anna);
  const { page } = chat;
  await page.context().grantPermissions(['notifications'], { origin: new URL(page.url()).origin });
  await page.context().addInitScript(() => {
    /** @type {string[]} */
    const shown = [];
    class Shown extends EventTarget {
      static permission = 'granted';
      static requestPermission = () => Promise.resolve('granted');
      /** @param {string} _title @param {NotificationOptions} options */
      constructor(_title, { body = '' }) {
        super();
        shown.push(body);
      }
      close() {}
    }
    document.hasFocus = () => false;
    Object.assign(window, { shown, Notification: Shown });
  });
  await page.reload();
  const shown = () => page.evaluate(() => /** @type {any} */ (window).shown);
  await chat.fromAccountMenu('Notifications');
  const dialog = page.getByRole('dialog', { name: 'Notifications' });
  await dialog.getByRole('switch', { name: 'Quiet hours' }).check();
  await clean(page, 'quiet hours');
  await dialog.getByRole('switch', { name: 'Quiet hours' }).uncheck();
  await dialog.getByRole('button', { name: 'For 1 hour' }).click();
  await dialog.getByText(/^Paused until/).waitFor();
  await page.keyboard.press('Escape');

  await other.fromAccountMenu('Notifications');
  const there = other.page.getByRole('dialog', { name: 'Notifications' });
  await there.getByText(/^Paused until/).waitFor();
  await mei.say(direct, 'quiet');
  await becomes('what is unread', () => chat.unread('Mei'), '1');

  await there.getByRole('button', { name: 'Resume' }).click();
  await there.getByRole('button', { name: 'For 1 hour' }).waitFor();
  const now = async () => (await anna.call('GET', '/v1/quiet')).paused_until;
  assert.equal(await now(), undefined);
  await chat.fromAccountMenu('Notifications');
  await dialog.getByRole('button', { name: 'For 1 hour' }).waitFor();
  await page.keyboard.press('Escape');
  await mei.say(direct, 'loud');
  await eventually('a notification', async () => (await shown()).length > 0);
  assert.deepEqual(await shown(), ['loud']);

  // Hours are those of every device, too.
  await there.getByRole('switch', { name: 'Quiet hours' }).check();
  await there.getByLabel('From').fill('21:30');
  await there.getByLabel('From').blur();
  await there.getByRole('button', { name: 'Sun', exact: true }).click();
  await becomes(
    'the hours',
    async () => {
      const { from, to, days } = (await anna.call('GET', '/v1/quiet')).hours;
      return { from, to, days };
    },
    { from: 1290, to: 420, days: [1, 2, 3, 4, 5, 6] },
  );
  await chat.fromAccountMenu('Notifications');
  await becomes('the other screen', () => dialog.getByLabel('From').inputValue(), '21:30');
});
