/**
 * A desk in the worst of days: two visitors on the page of a shop of another origin, two agents at their screens, networks that
 * block one transport after another, an agent whose machine dies in mid-answer, and visitors that leave and come back.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshBrowser } from '../support/browser.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Server } from '../support/server.mjs';
import { shop } from '../support/shop.mjs';
import { becomes, eventually } from '../support/wait.mjs';
import { Widget } from '../support/widget.mjs';

/** What the tests of this file share, and what ends with it. @type {(() => unknown)[]} */
const ends = [];
/** @type {Server} */
let server;
/** @type {Member} */
let anna;
/** @type {Member} */
let lin;
/** @type {Awaited<ReturnType<typeof deskOf>>} */
let desk;

before(async () => {
  const shared = /** @type {any} */ ({ after: (/** @type {() => unknown} */ end) => ends.push(end) });
  server = await Server.start(shared);
  anna = await Member.owner(server.url, 'anna', 'Anna');
  lin = await anna.adds('lin', 'Lin');
  desk = await deskOf(anna, [lin]);
});

after(async () => {
  for (const end of ends.reverse()) await end();
});

/**
 * A visitor on the page of a shop. All that its browser is sent by Encke is kept, as it came.
 * @param {import('node:test').TestContext} t
 * @param {string} encke where its browser finds Encke
 */
async function visitor(t, encke) {
  const origin = await shop(t, encke, desk.key, { site: 'localhost' });
  const context = await freshBrowser(t);
  const page = await context.newPage();
  /** @type {string[]} */
  const raw = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => raw.push(String(payload))));
  page.on('response', (response) => {
    if (!response.url().includes('/v1/')) return;
    response.text().then(
      (text) => raw.push(text),
      // A stream that is cut has no text.
      () => undefined,
    );
  });
  await page.goto(origin);
  const widget = new Widget(page);
  await widget.open();
  return { context, page, widget, raw };
}

/** The ticket that holds this question. @param {string} question @returns {Promise<any>} */
function ticketOf(question) {
  return eventually(`the ticket “${question}”`, async () => {
    const { tickets } = await anna.call('GET', `/v1/desks/${desk.id}/tickets?view=all`);
    for (const { ticket } of tickets) {
      if ((await anna.said(ticket.id))[0] === question) return ticket;
    }
    return null;
  });
}

/** A name that no other test of this file has. @param {string} ticket @param {import('../support/desk.mjs').DeskPage} screen */
async function choose(screen, ticket) {
  const { visitor } = await anna.call('GET', `/v1/tickets/${ticket}`);
  await screen.see('All');
  await screen.choose(visitor.person.display_name);
}

test('two visitors and two agents talk both ways while one transport after another is blocked', async (t) => {
  const proxy = await Proxy.start(t, server.url);
  const [one, two] = [await visitor(t, proxy.url), await visitor(t, server.url)];
  await one.widget.say('First: where is my order?');
  await two.widget.say('Second: can I return it?');
  await one.widget.shows(['First: where is my order?']);
  await two.widget.shows(['Second: can I return it?']);
  const [first, second] = [
    await ticketOf('First: where is my order?'),
    await ticketOf('Second: can I return it?'),
  ];
  const [annas, lins] = [await DeskPage.open(t, anna), await DeskPage.open(t, lin)];
  await choose(annas, first.id);
  await choose(lins, second.id);
  await annas.page.getByRole('button', { name: 'Take it' }).click();
  await lins.page.getByRole('button', { name: 'Take it' }).click();
  await annas.owner.getByText('You answer', { exact: true }).waitFor();
  await lins.owner.getByText('You answer', { exact: true }).waitFor();

  const said = ['First: where is my order?'];
  for (const [number, [transport, treatment]] of /** @type {const} */ ([
    ['none', 'pass'],
    ['websocket', 'hole'],
    ['sse', 'buffer'],
    ['ndjson', 'refuse'],
    ['long-poll', 'reset'],
  ]).entries()) {
    if (transport !== 'none') proxy.treat(transport, treatment);
    await annas.answer(`answer ${number} without ${transport}`);
    said.push(`answer ${number} without ${transport}`);
    await one.widget.shows(said, 60_000);
    await one.widget.say(`thanks ${number}`);
    said.push(`thanks ${number}`);
    await becomes('what the agent sees', () => annas.texts(), said);
  }
  // The other pair has gone on meanwhile, and neither got anything of the first.
  await lins.answer('Of course.');
  await two.widget.shows(['Second: can I return it?', 'Of course.']);
  assert.ok(!JSON.stringify(two.raw).includes('without websocket'));

  // What the staff says among itself reaches no visitor, over no transport.
  await annas.note('Tell nobody: a refund of 118');
  await becomes('the note', () => annas.notes.allTextContents(), ['Tell nobody: a refund of 118']);
  await annas.page.keyboard.press('Alt+l');
  await annas.answer('Anything else?');
  said.push('Anything else?');
  await one.widget.shows(said, 60_000);
  const raw = [...one.raw, ...two.raw].join('\n');
  assert.ok(raw.includes('where is my order') || raw.includes('answer 0'), 'The answers were kept.');
  assert.ok(!raw.includes('Tell nobody'), 'A note has reached a visitor.');
});

test('an agent dies in mid-answer: its ticket goes back, another answers, and the visitor sees one conversation', async (t) => {
  const { widget } = await visitor(t, server.url);
  await widget.say('Third: does it float?');
  await widget.shows(['Third: does it float?']);
  const { id } = await ticketOf('Third: does it float?');
  const [annas, lins] = [await DeskPage.open(t, anna), await DeskPage.open(t, lin)];
  await choose(lins, id);
  await lins.answer('Let me look.');
  await widget.shows(['Third: does it float?', 'Let me look.']);
  await widget.say('I wait.');
  await becomes('what Lin sees', () => lins.texts(), ['Third: does it float?', 'Let me look.', 'I wait.']);
  await lins.composer.pressSequentially('It does fl');
  await lins.page.context().close();

  // Nobody does anything: the server notices by itself that she is gone.
  const back = await eventually(
    'the ticket in the queue',
    async () => (await anna.call('GET', `/v1/tickets/${id}`)).ticket.owner === null,
    60_000,
  );
  assert.ok(back);
  await annas.see('Unassigned');
  await choose(annas, id);
  await annas.page.getByRole('button', { name: 'Take it' }).click();
  await annas.answer('Yes, it floats.');
  await widget.frame.getByRole('heading', { name: 'Anna' }).waitFor();
  await widget.shows(['Third: does it float?', 'Let me look.', 'I wait.', 'Yes, it floats.']);
});

test('a visitor leaves, is answered, and comes back to all of it in the page it had', async (t) => {
  const { widget, page, context } = await visitor(t, server.url);
  await widget.say('Fourth: until when?');
  await widget.shows(['Fourth: until when?']);
  const { id } = await ticketOf('Fourth: until when?');
  const annas = await DeskPage.open(t, anna);
  await choose(annas, id);
  await annas.page.getByRole('button', { name: 'Take it' }).click();
  await context.setOffline(true);
  await widget.say('Still there?');
  const all = ['Fourth: until when?'];
  for (const text of ['Until six.', 'On Sundays until five.']) {
    await annas.answer(text);
    all.push(text);
  }
  await becomes('what is said', () => annas.texts(), all);
  await context.setOffline(false);
  await becomes(
    'what both see',
    async () => (await widget.texts()).toSorted(),
    [...all, 'Still there?'].toSorted(),
  );
  await becomes('what the agent sees', () => annas.texts(), [...all, 'Still there?']);
  await page.close();
  await annas.answer('Good night.');
  await becomes('the answer', () => annas.texts(), [...all, 'Still there?', 'Good night.']);
});
