/** Told of messages that one does not see: by the browser while no page is open, by a hidden page, as an installed app. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { eventually } from '../support/wait.mjs';

test('the chat can be installed as an app', async (t) => {
  const { chat } = await site(t);
  const session = await chat.page.context().newCDPSession(chat.page);
  const { errors, data } = await session.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  const manifest = JSON.parse(data ?? '{}');
  assert.equal(manifest.display, 'standalone');
  for (const { src, sizes } of manifest.icons) {
    const icon = await chat.page.request.get(new URL(src, chat.page.url()).href);
    assert.equal(icon.headers()['content-type'], 'image/png');
    // The width and height in the head of a PNG.
    const bytes = await icon.body();
    assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes);
  }
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // A context of a test is like a private window, where browsers install nothing.
  assert.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'),
    [],
  );
});

test('a browser is told while no page is open, in its language, until the person signs out', async (t) => {
  const service = await pushService(t);
  const { chat, anna, lin } = await site(t, '--egress-allow', '127.0.0.0/8');
  const { page } = chat;
  const context = page.context();
  await context.grantPermissions(['notifications'], { origin: new URL(page.url()).origin });
  await fakeSubscriptions(page, service.endpoint);
  await page.reload();
  await chat.account.click();
  await page.getByRole('menuitem', { name: 'Notifications' }).click();
  const away = page.getByRole('switch', { name: 'Notify me when no page is open' });
  assert.equal(await away.isChecked(), false);
  await away.click();
  // While the browser subscribes, the switch can't be used.
  await eventually('it is on', async () => (await away.isEnabled()) && (await away.isChecked()));
  await eventually('a service worker', () => context.serviceWorkers().length > 0);
  // The browser stops a worker that has nothing to do, and starts it again when it is needed.
  const worker = () => {
    const running = context.serviceWorkers().at(-1);
    assert.ok(running, 'a service worker');
    return running;
  };
  await page.keyboard.press('Escape');

  // The page is gone, and the server sends to the push service.
  const direct = await lin.direct(anna);
  await page.goto('about:blank');
  await lin.say(direct, '你好');
  await eventually('the push service has got it', () => service.got.length === 1, 40_000);
  assert.equal(service.got[0]?.['content-encoding'], 'aes128gcm');
  assert.match(service.got[0]?.authorization ?? '', /^vapid t=.+, k=.+$/);

  // The browser's part: it decrypts, and wakes the worker.
  const { origin } = new URL(anna.url);
  const pushed = {
    conversation: direct,
    title: null,
    from: '林晓雨',
    text: '你好',
    files: 0,
    mention: false,
  };
  await deliver(page, origin, { ...pushed, seq: 2, count: 1 });
  await deliver(page, origin, { ...pushed, seq: 3, count: 2, text: '在吗?' });
  const shown = () =>
    worker().evaluate(async () => {
      // @ts-expect-error The worker's global object is not the page's.
      const all = await self.registration.getNotifications();
      return all.map((/** @type {Notification} */ { title, body, tag, lang }) => ({
        title,
        body,
        tag,
        lang,
      }));
    });
  // The second takes the place of the first.
  await eventually('a notification', async () => (await shown())[0]?.body.startsWith('在吗?'));
  assert.deepEqual(await shown(), [{ title: '林晓雨', body: '在吗?\nand 1 more', tag: direct, lang: 'en' }]);

  // A click leads to the conversation in the page that is open.
  await page.goto(origin);
  await chat.entry('林晓雨').waitFor();
  await worker().evaluate(async () => {
    // @ts-expect-error The worker's global object is not the page's.
    const [notification] = await self.registration.getNotifications();
    // @ts-expect-error As above.
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
  });
  await chat.thread('林晓雨').waitFor();
  assert.deepEqual(await shown(), []);

  // A person that looks at a page is not told by the browser.
  await deliver(page, origin, { ...pushed, seq: 4, count: 1 });
  await page.goto('about:blank');
  await deliver(page, origin, { ...pushed, seq: 5, count: 1, text: 'after' });
  await eventually('a notification', async () => (await shown()).length > 0);
  assert.deepEqual(
    (await shown()).map((/** @type {{ body: string }} */ { body }) => body),
    ['after'],
  );

  // What waits at a desk is shown by the desk's screen.
  const { id: desk } = await anna.call('POST', '/v1/desks', { name: 'Shop' });
  const queue = { type: 'ticket_waits', conversation: 'c99', desk, title: 'Shop', from: 'Ingrid', count: 2 };
  const called = {
    title: 'Shop',
    body: '2 visitors wait, Ingrid among them',
    tag: `desk ${desk}`,
    lang: 'en',
  };
  // A push that meets a worker which is just being stopped is lost; one that comes twice takes its own place.
  await eventually('the call to the queue', async () => {
    await deliver(page, origin, queue);
    const all = await shown();
    return all.some((/** @type {object} */ one) => JSON.stringify(one) === JSON.stringify(called));
  });
  await page.goto(`${origin}/desk/`);
  await page.getByRole('button', { name: 'Shop' }).first().waitFor();
  await worker().evaluate(async (tag) => {
    // @ts-expect-error The worker's global object is not the page's.
    const [notification] = await self.registration.getNotifications({ tag });
    // @ts-expect-error As above.
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
  }, `desk ${desk}`);
  await page.waitForURL(`${origin}/desk/#/${desk}/c99`);

  // The desk's screen has the same switch: what is turned off and on there is so everywhere.
  const isSubscribed = () => page.evaluate(() => localStorage.getItem('test.subscribed') !== null);
  await page.getByTestId('availability').click();
  const atDesk = page.getByRole('menuitemcheckbox', { name: 'Notify me when no page is open' });
  await eventually('on at the desk', async () => (await atDesk.getAttribute('aria-checked')) === 'true');
  await atDesk.click();
  await eventually('off', async () => !(await isSubscribed()));
  await eventually('off at the desk', async () => (await atDesk.getAttribute('aria-checked')) === 'false');
  await atDesk.click();
  await eventually('on', isSubscribed);
  await eventually('on at the desk', async () => (await atDesk.getAttribute('aria-checked')) === 'true');

  await page.goto(origin);
  await chat.account.click();
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await eventually('unsubscribed', () =>
    page.evaluate(() => localStorage.getItem('test.subscribed') === null),
  );
});

test('a browser that does not let the site notify says so in plain words', async (t) => {
  const { chat } = await site(t);
  const { page } = chat;
  await chat.account.click();
  await page.getByRole('menuitem', { name: 'Notifications' }).click();
  // Nobody answers the question of a browser without a window, so the test does.
  await page.evaluate(() => {
    Notification.requestPermission = () => Promise.resolve('denied');
  });
  await page.getByRole('switch', { name: 'Notify me when no page is open' }).click();
  await page.getByText('The browser does not let this site notify you.').waitFor();
  assert.equal(await page.getByRole('switch', { name: 'Notify me when no page is open' }).isChecked(), false);
});

test('a page that nobody looks at shows notifications, and one that is looked at shows none', async (t) => {
  const { chat, anna, lin } = await site(t);
  const { page } = chat;
  const context = page.context();
  await context.grantPermissions(['notifications'], { origin: new URL(page.url()).origin });
  await context.addInitScript(() => {
    /** @type {string[][]} */
    const shown = [];
    Object.assign(window, { shown });
    class Shown extends EventTarget {
      static permission = 'granted';
      static requestPermission = () => Promise.resolve('granted');
      /** @param {string} title @param {NotificationOptions} options */
      constructor(title, { body = '' }) {
        super();
        shown.push([title, body]);
      }
      close() {}
    }
    Object.assign(window, { Notification: Shown });
    const looked = () => localStorage.getItem('test.looked') !== 'no';
    document.hasFocus = looked;
    Object.assign(window, {
      /** @param {boolean} now */
      look(now) {
        localStorage.setItem('test.looked', now ? 'yes' : 'no');
        window.dispatchEvent(new Event(now ? 'focus' : 'blur'));
      },
    });
  });
  await page.reload();
  const direct = await lin.direct(anna);
  await chat.entry('林晓雨').waitFor();
  const shown = () => page.evaluate(() => /** @type {any} */ (window).shown);
  await eventually('notifications are there', () =>
    page.evaluate(async () =>
      (await navigator.locks.query()).held?.some((l) => l.name === 'encke.looked-at'),
    ),
  );
  await lin.say(direct, 'seen');
  await chat.entry('林晓雨').getByText('seen').waitFor();
  await page.evaluate(() => /** @type {any} */ (window).look(false));
  await lin.say(direct, `<@${anna.id}> **look**`);
  await eventually('a notification', async () => (await shown()).length > 0);
  assert.deepEqual(await shown(), [['林晓雨', '@Anna look']]);
  assert.match(await page.title(), /^\(@1 · \d+\) /);
});

/** @param {import('node:test').TestContext} t @param {string[]} args */
async function site(t, ...args) {
  const server = await Server.start(t, ...args);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const lin = await anna.adds('lin', '林晓雨');
  return { anna, lin, chat: await chatOf(t, anna) };
}

/** A push service: it takes everything and keeps the heads. @param {import('node:test').TestContext} t */
async function pushService(t) {
  /** @type {import('node:http').IncomingHttpHeaders[]} */
  const got = [];
  const server = createServer((request, response) => {
    got.push(request.headers);
    request.resume();
    response.writeHead(201).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { got, endpoint: `http://127.0.0.1:${address.port}/push` };
}

/**
 * Chromium subscribes at Google's push service, which no test reaches, so its subscriptions are of the test's own.
 * @param {import('playwright-core').Page} page
 * @param {string} endpoint
 */
async function fakeSubscriptions(page, endpoint) {
  await page.addInitScript((endpoint) => {
    if (location.protocol === 'about:') return;
    const name = 'test.subscribed';
    /** @param {ArrayBuffer} buffer */
    const text = (buffer) =>
      btoa(String.fromCharCode(...new Uint8Array(buffer)))
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replaceAll('=', '');
    const subscription = {
      endpoint,
      toJSON: () => ({ endpoint, keys: JSON.parse(localStorage.getItem(name) ?? '{}') }),
      unsubscribe: async () => {
        localStorage.removeItem(name);
        return true;
      },
    };
    const held = async () => (localStorage.getItem(name) === null ? null : subscription);
    Object.assign(PushManager.prototype, {
      getSubscription: held,
      subscribe: async () => {
        const curve = { name: 'ECDH', namedCurve: 'P-256' };
        const { publicKey } = await crypto.subtle.generateKey(curve, true, ['deriveBits']);
        const p256dh = text(await crypto.subtle.exportKey('raw', publicKey));
        const auth = text(crypto.getRandomValues(new Uint8Array(16)).buffer);
        localStorage.setItem(name, JSON.stringify({ p256dh, auth }));
        return subscription;
      },
    });
  }, endpoint);
}

/**
 * What a push service makes the browser do.
 * @param {import('playwright-core').Page} page
 * @param {string} origin
 * @param {object} pushed
 */
async function deliver(page, origin, pushed) {
  const session = await page.context().newCDPSession(page);
  /** @type {string | undefined} */
  let registrationId;
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    registrationId ??= registrations.find(({ scopeURL }) => scopeURL.startsWith(origin))?.registrationId;
  });
  await session.send('ServiceWorker.enable');
  await eventually('the registration is known', () => registrationId !== undefined);
  const data = JSON.stringify({ type: 'message', ...pushed });
  const message = { origin, registrationId: registrationId ?? '', data };
  await session.send('ServiceWorker.deliverPushMessage', message);
  await session.detach();
}
