/** A hostile site in the browser of somebody who is signed in here: what it can cause, and what it can reach. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshBrowser, openChat } from '../support/browser.mjs';
import { elsewhere } from '../support/elsewhere.mjs';
import { Member, password } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('a hostile site', async (t) => {
  const server = await Server.start(t, '--classic', '--classic-identity', 'trust', '--hosts', 'chat.test');
  const evil = await elsewhere(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  const { port } = new URL(server.url);

  /** Anna's browser. @param {import('node:test').TestContext} t @param {string} url */
  const signedIn = async (t, url = server.url) => {
    const context = await freshBrowser(t);
    const [name = '', value = ''] = anna.cookie.split('=');
    await context.addCookies([{ name, value, url, httpOnly: true, sameSite: 'Lax' }]);
    return context;
  };

  await t.test('has no function called in a page of somebody who is signed in', async (t) => {
    const context = await signedIn(t);
    const first = await context.newPage();
    await first.goto(evil);
    const opened = context.waitForEvent('page');
    await first.evaluate(() => void window.open(location.href));
    const second = await opened;
    await second.waitForURL(`${evil}/`);
    assert.ok(await second.evaluate(() => window.opener !== null), 'It begins with a tie to the first.');

    // The first window goes to the chat, where Anna writes and has not sent yet.
    await first.evaluate((url) => void (location.href = url), server.url);
    await first.waitForURL((url) => url.origin === server.url);
    await becomes('the tie', () => second.evaluate(() => window.opener?.closed ?? true), true);
    const chat = await openChat(context, server.url);
    await chat.choose('Mei');
    await chat.composer.fill('a draft');
    await chat.page.evaluate(() => localStorage.setItem('kept', 'yes'));

    // The second one goes to the frame, as a page, which a browser sends the cookie for.
    for (const [callback, status] of [
      ['opener.document.activeElement.nextElementSibling.click', 400],
      ['localStorage.clear', 400],
      ['encke', 403],
    ]) {
      const answered = second.waitForResponse((response) => response.url().includes('/v1/feed'));
      const url = `${server.url}/v1/feed?live=iframe&callback=${callback}`;
      await second.evaluate((url) => void (location.href = url), url);
      assert.equal((await answered).status(), status, String(callback));
      await second.waitForURL(url);
      await second.goto(evil);
    }
    assert.equal(await chat.composer.inputValue(), 'a draft');
    assert.equal(await chat.page.evaluate(() => localStorage.getItem('kept')), 'yes');
    assert.deepEqual(await anna.said(conversation), []);
  });

  await t.test('has none called by a browser that does not say what it loads', async (t) => {
    // Plain HTTP under a name: there browsers send no Sec-Fetch-Dest.
    const site = `http://chat.test:${port}`;
    const context = await signedIn(t, site);
    await context.addInitScript(() => {
      const heard = (globalThis.heard = /** @type {any[]} */ ([]));
      globalThis.encke = (/** @type {any} */ item) => heard.push(item);
      // A frame's scripts leave the page when they have run.
      const ran = (globalThis.ran = /** @type {string[]} */ ([]));
      new MutationObserver((changes) => {
        for (const node of changes.flatMap((change) => [...change.addedNodes])) {
          if (node instanceof HTMLScriptElement) ran.push(node.text);
        }
      }).observe(document, { childList: true, subtree: true });
    });
    const feed = `/v1/feed?live=iframe&callback=encke&channels=news`;
    const alone = await context.newPage();
    const response = await alone.goto(site + feed, { waitUntil: 'commit' });
    assert.equal(response?.status(), 200);
    const framed = await context.newPage();
    await framed.goto(`${site}/nothing.txt`);
    await framed.evaluate((src) => {
      const frame = document.createElement('iframe');
      frame.src = src;
      document.body.append(frame);
    }, feed);
    const kinds = () => framed.evaluate(() => globalThis.heard.map((/** @type {any} */ item) => item.type));
    await becomes('what the parent heard', kinds, ['ready']);

    // JSON as it was sent, which as a script would be no script at all.
    const sent = await fetch(`${server.url}/v1/channels/news/events`, {
      method: 'POST',
      headers: { origin: server.url, cookie: anna.cookie, 'content-type': 'application/json' },
      body: `{"__proto__":1,"__proto__":{"x":"it's </script>"}}`,
    });
    assert.equal(sent.status, 201);
    const body = () => framed.evaluate(() => JSON.stringify(globalThis.heard[1]?.body));
    await becomes('the event', body, `{"__proto__":{"x":"it's </script>"}}`);
    const scripts = () => alone.evaluate(() => globalThis.ran.some((text) => text.includes('__proto__')));
    await becomes('the same in the window', scripts, true);
    assert.deepEqual(await alone.evaluate(() => globalThis.heard), []);
  });

  await t.test('writes nothing by a link to a classic page', async (t) => {
    const context = await signedIn(t);
    const page = await context.newPage();
    const link = `${server.url}/classic/live/backend.php?msg=`;
    // From another site, from another port of this host, and from a page of this very site.
    for (const from of [evil, evil.replace('localhost', '127.0.0.1'), `${server.url}/nothing`]) {
      await page.goto(from);
      const answered = page.waitForResponse((response) => response.url().startsWith(link));
      await page.evaluate((url) => void (location.href = url), `${link}forged`);
      assert.equal((await answered).status(), 403, from);
      await page.waitForURL(`${link}forged`);
    }
    await page.goto(`${server.url}/nothing`);
    assert.equal(await page.evaluate(async (url) => (await fetch(url)).status, `${link}own`), 200);
    const board = await fetch(`${server.url}/classic/live/backend.php?timestamp=1`);
    assert.equal((await board.json()).msg, 'own');
  });

  await t.test('is nobody here under a name that it points here', async (t) => {
    const context = await freshBrowser(t);
    const page = await context.newPage();
    // A page of that name, as far as the browser can tell.
    const name = `http://evil.test:${port}`;
    assert.equal((await page.goto(`${name}/`))?.status(), 421);
    const post = (/** @type {string} */ path, /** @type {string} */ type, /** @type {string} */ body) =>
      page.evaluate(
        async ([path = '', type = '', body = '']) => {
          const response = await fetch(path, { method: 'POST', headers: { 'content-type': type }, body });
          return response.status;
        },
        [path, type, body],
      );
    const eve = JSON.stringify({ name: 'eve', password });
    assert.equal(await post('/v1/setup', 'application/json', eve), 421);
    const mine = JSON.stringify({ name: 'anna', password });
    assert.equal(await post('/v1/sign-in', 'application/json', mine), 421);
    const form = 'application/x-www-form-urlencoded';
    assert.equal(await post('/classic/live/SendMsg', form, 'msg=forged'), 421);
    const feed = () => page.evaluate(async () => (await fetch('/v1/feed')).status);
    assert.equal(await feed(), 421);
  });
});
