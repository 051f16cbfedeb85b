/** Previews of links: everybody sees them, they are nothing but text, and their author removes them. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { chatOf } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes, eventually } from '../support/wait.mjs';

/** A picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

test('a link shows what its page says, to both, in both languages', async (t) => {
  const { server, anna, mei, conversation, pages } = await two(t);
  const chat = await chatOf(t, anna);
  const other = await chatOf(t, mei, { locale: 'zh-CN' });
  await chat.choose('Mei');
  await other.page.goto(`${server.url}/#/${conversation}`);
  await chat.say(`Look at this: ${pages}/comet`);
  for (const each of [chat, other]) {
    const preview = each.page.getByTestId('preview');
    await preview.waitFor();
    await becomes('the title', () => preview.locator('.title').innerText(), 'Comet <b>2P/Encke</b> 彗星');
    assert.equal(await preview.locator('b').count(), 0, 'markup of a page is text');
    const link = preview.getByRole('link');
    assert.equal(await link.getAttribute('href'), `${pages}/comet`);
    assert.equal(await link.getAttribute('target'), '_blank');
    assert.match((await link.getAttribute('rel')) ?? '', /noopener/);
    const picture = preview.locator('img');
    await eventually('the picture', () =>
      picture.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth > 0),
    );
    assert.match((await picture.getAttribute('src')) ?? '', /^\/v1\//, 'it comes from the site itself');
    await clean(each.page, 'a preview');
  }
  await chat.page.getByRole('region', { name: `Preview of the page at ${new URL(pages).host}` }).waitFor();
  await other.page.getByRole('region', { name: `${new URL(pages).host} 的网页预览` }).waitFor();
  // A screen that comes later shows the same.
  await other.page.reload();
  await other.page.getByTestId('preview').waitFor();

  // Only its author removes it, for both.
  assert.equal(await other.page.getByTestId('preview').getByRole('button').count(), 0);
  await chat.page.getByTestId('preview').hover();
  await chat.page.getByRole('button', { name: 'Remove the preview for everybody' }).click();
  for (const each of [chat, other]) await each.page.getByTestId('preview').waitFor({ state: 'detached' });
  await chat.shows([`Look at this: ${pages}/comet`]);
});

test('a preview goes with the link that it belongs to', async (t) => {
  const { anna, mei, conversation, pages } = await two(t);
  const chat = await chatOf(t, mei);
  await chat.choose('Anna');
  const said = await anna.say(conversation, `${pages}/comet`);
  const title = chat.page.getByTestId('preview').locator('.title');
  await becomes('the title', () => title.innerText(), 'Comet <b>2P/Encke</b> 彗星');
  const path = `/v1/conversations/${conversation}/messages/${said.seq}`;
  await anna.call('PATCH', path, { text: `${pages}/plain` });
  await becomes('the other title', () => title.innerText(), 'Plain page');
  await anna.call('PATCH', path, { text: 'no link' });
  await chat.page.getByTestId('preview').waitFor({ state: 'detached' });
});

/** @param {import('node:test').TestContext} t */
async function two(t) {
  const outside = createServer((request, response) => {
    const pages = /** @type {Record<string, [string, string | Buffer]>} */ ({
      '/comet': [
        'text/html; charset=utf-8',
        `<title>no</title><meta property="og:title" content="Comet &lt;b&gt;2P/Encke&lt;/b&gt; 彗星">
         <meta property="og:description" content="The comet that comes back soonest: every 3.3 years.">
         <meta property="og:site_name" content="The Sky"><meta property="og:image" content="/comet.png">`,
      ],
      '/plain': ['text/html', '<title>Plain page</title>'],
      '/comet.png': ['image/png', png],
    });
    const [type, body] = pages[request.url ?? ''] ?? ['text/plain', ''];
    response.setHeader('Content-Type', type).end(body);
  });
  await new Promise((resolve) => outside.listen(0, '127.0.0.1', () => resolve(null)));
  t.after(() => outside.close());
  const address = outside.address();
  assert.ok(address !== null && typeof address === 'object');
  const server = await Server.start(t, '--preview-on', '--egress-allow', '127.0.0.0/8');
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  return { server, anna, mei, conversation, pages: `http://127.0.0.1:${address.port}` };
}
