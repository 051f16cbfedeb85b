/** One real Chromium for each test file; each person in it is a context of its own: own cookies, own storage. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { Chat } from './chat.mjs';

/** @typedef {import('playwright-core').BrowserContextOptions} ContextOptions */

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A microphone that hears a beeping tone.
  '--use-fake-device-for-media-stream',
  // Names for tests that need another site, or one that is not this machine's own by its name.
  '--host-resolver-rules=MAP *.test 127.0.0.1',
];
/** The time that a page may take for any action of a test. */
const action_ms_max = 30_000;

/** @type {Promise<import('playwright-core').Browser> | null} */
let browser = null;
after(async () => (await browser)?.close());

function launched() {
  browser ??= chromium.launch({ executablePath: executable(), args });
  return browser;
}

/** The browser of this machine. */
export function executable() {
  return process.env['CHROMIUM'] ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
}

/**
 * A browser that nobody has used yet. What goes wrong in its pages fails the test.
 * @param {import('node:test').TestContext} t
 * @param {ContextOptions} [options]
 */
export async function freshBrowser(t, options = {}) {
  const context = await (
    await launched()
  ).newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
  context.setDefaultTimeout(action_ms_max);
  /** @type {string[]} */
  const faults = [];
  context.on('weberror', (event) => faults.push(`uncaught: ${event.error().stack || String(event.error())}`));
  context.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('console', (message) => {
    if (message.type() === 'error' && !isOfTheNetwork(message.text())) faults.push(message.text());
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, [], 'Something went wrong inside a page.');
  });
  return context;
}

/**
 * A request that fails, or a page in the clear, is what tests are about; the browser says so by itself, and nothing can
 * keep it from that.
 */
function isOfTheNetwork(/** @type {string} */ text) {
  return /^Failed to load resource: |^An unknown error occurred when fetching the script|^WebSocket connection to |^Access to .* blocked by CORS policy|^The Cross-Origin-Opener-Policy header has been ignored/.test(
    text,
  );
}

/**
 * The chat in a browser of its own, signed in without the form.
 * @param {import('node:test').TestContext} t
 * @param {import('./member.mjs').Member} member
 * @param {ContextOptions & { url?: string }} [options] `url`: another address of the server, a proxy's
 */
export async function chatOf(t, member, { url = member.url, ...options } = {}) {
  const context = await freshBrowser(t, options);
  const [name = '', value = ''] = member.cookie.split('=');
  await context.addCookies([{ name, value, url, httpOnly: true, sameSite: 'Lax' }]);
  return openChat(context, url);
}

/**
 * One more tab.
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} url
 */
export async function openChat(context, url) {
  const chat = new Chat(await context.newPage());
  await chat.page.goto(url);
  return chat;
}
