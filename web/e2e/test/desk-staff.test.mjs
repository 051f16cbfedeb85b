/** The screen of a desk's staff: the queue, one owner for each ticket, answers and notes, handing on, settings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from '../support/axe.mjs';
import { DeskPage, deskOf } from '../support/desk.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { Visitor } from '../support/visitor.mjs';
import { becomes, eventually } from '../support/wait.mjs';

/** @param {import('node:test').TestContext} t */
async function staffed(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const lin = await anna.adds('lin', 'Lin');
  return { server, anna, lin, desk: await deskOf(anna, [lin]) };
}

test('three clicks make a desk, its line to copy and a page to try it', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const { page, ...screen } = await DeskPage.open(t, anna);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await page.getByLabel('Name of the desk').fill('Shop <b>& Co');
  await clean(page, 'the first desk');
  await page.getByRole('button', { name: 'Create the desk' }).click();
  await page.getByRole('heading', { name: '“Shop <b>& Co” is ready' }).waitFor();
  await page.getByRole('button', { name: 'Copy the line' }).click();
  const { desks } = await anna.call('GET', '/v1/desks');
  const line = `<script src="${server.url}/widget.js" data-desk="${desks[0].key}" async></script>`;
  await becomes('what was copied', () => page.evaluate(() => navigator.clipboard.readText()), line);
  assert.equal(
    await page.getByRole('link', { name: 'Try it as a visitor' }).getAttribute('href'),
    `${server.url}/ask/${desks[0].key}`,
  );
  await clean(page, 'the desk that was made');
  await page.getByRole('button', { name: 'Go to the tickets' }).click();
  await page.getByText('Nobody waits', { exact: true }).waitFor();
  assert.ok(screen);
});

test('visitors stand in the queue as they came; two agents claim one, one gets it, and the other sees who', async (t) => {
  const { anna, lin, desk } = await staffed(t);
  const first = await desk.visitor('Ingrid');
  const second = await desk.visitor('Tom');
  const ticket = await first.asks('Do you ship to Norway?');
  await second.asks('The invoice is wrong.');
  const annas = await DeskPage.open(t, anna);
  const lins = await DeskPage.open(t, lin);
  for (const screen of [annas, lins]) {
    await becomes('the queue', () => screen.names(), ['Ingrid', 'Tom']);
    await screen.choose('Ingrid');
    await screen.page.getByRole('button', { name: 'Take it' }).waitFor();
  }
  // Both are told of a claim at once, so both clicks are made before either answer can come.
  await Promise.all(
    [annas, lins].map((screen) =>
      screen.page
        .getByRole('button', { name: 'Take it' })
        .evaluate((button) => button instanceof HTMLElement && button.click()),
    ),
  );
  const owner = await eventually(
    'an owner',
    async () => (await anna.call('GET', `/v1/tickets/${ticket}`)).ticket.owner,
  );
  const [mine, theirs, name] = owner === anna.id ? [annas, lins, 'Anna'] : [lins, annas, 'Lin'];
  await mine.owner.getByText('You answer', { exact: true }).waitFor();
  await theirs.owner.getByText(`${name} answers`, { exact: true }).waitFor();
  await becomes('the queue of the other', () => theirs.names(), ['Tom']);
  await becomes('the own tickets', () => mine.names(), ['Ingrid']);

  // Who was first is told to whoever comes later, too.
  await lin.call('GET', `/v1/tickets/${ticket}`);
  const third = await desk.visitor('Late');
  const late = await third.asks('Anybody here?');
  await theirs.choose('Late');
  const rival = owner === anna.id ? anna : lin;
  await theirs.page.route('**/claim', async (route) => {
    await rival.call('POST', `/v1/tickets/${late}/claim`);
    await route.continue();
  });
  await theirs.page.getByRole('button', { name: 'Take it' }).click();
  await theirs.page.getByText(`${name} has it already.`).waitFor();
  await theirs.owner.getByText(`${name} answers`, { exact: true }).waitFor();
});

test('an answer reaches the visitor and takes the ticket; a note never leaves the staff', async (t) => {
  const { anna, lin, desk } = await staffed(t);
  const visitor = await desk.visitor('Ingrid');
  const ticket = await visitor.asks('Is the bulb included?');
  const annas = await DeskPage.open(t, anna);
  const lins = await DeskPage.open(t, lin);
  await annas.choose('Ingrid');
  await annas.answer('Yes, it is.');
  await annas.owner.getByText('You answer', { exact: true }).waitFor();
  await visitor.says(ticket, 'Wonderful!');
  await becomes('the messages', () => annas.texts(), ['Is the bulb included?', 'Yes, it is.', 'Wonderful!']);
  await annas.note('She is a **regular** customer');
  await becomes('the notes', () => annas.notes.allTextContents(), ['She is a regular customer']);
  assert.deepEqual(await annas.texts(), ['Is the bulb included?', 'Yes, it is.', 'Wonderful!']);

  // The other agent looks on: it reads all, and both see that the other is there.
  await lins.see('All');
  await lins.choose('Ingrid');
  await becomes('the notes of the other', () => lins.notes.allTextContents(), ['She is a regular customer']);
  await lins.owner.getByText('Anna answers', { exact: true }).waitFor();
  await annas.page.getByTestId('lookers').getByText('Lin').waitFor();
  await visitor.says(ticket, 'One more thing');
  await eventually('the message for who looks on', async () =>
    (await lins.texts()).includes('One more thing'),
  );

  const raw = [
    await visitor.read(ticket),
    await visitor.call('GET', '/v1/snapshot'),
    await visitor.call('GET', `/v1/conversations/${ticket}`),
    await visitor.call('GET', `/v1/desks/${desk.key}/my-tickets`),
  ];
  assert.ok(JSON.stringify(raw).includes('Yes, it is.'));
  assert.ok(!JSON.stringify(raw).includes('regular'), 'A note has reached the visitor.');
  await assert.rejects(visitor.call('GET', `/v1/tickets/${ticket}/notes`), /403/);
});

test('a ticket is handed on with a note, put aside, resolved and opened again', async (t) => {
  const { anna, lin, desk } = await staffed(t);
  const visitor = await desk.visitor('Ingrid');
  const ticket = await visitor.asks('Where is my order?');
  const annas = await DeskPage.open(t, anna);
  const lins = await DeskPage.open(t, lin);
  await annas.choose('Ingrid');
  await annas.page.getByRole('button', { name: 'Take it' }).click();
  await annas.fromTicketMenu('Transfer');
  const dialog = annas.page.getByRole('dialog', { name: 'Transfer the ticket' });
  await dialog.getByRole('radio', { name: /Lin/ }).check();
  await dialog.getByLabel('Private note').fill('She writes about 118.');
  await clean(annas.page, 'the transfer');
  await dialog.getByRole('button', { name: 'Transfer' }).click();
  await annas.owner.getByText('Lin answers', { exact: true }).waitFor();

  await lins.see('Mine');
  await lins.choose('Ingrid');
  await becomes('the note', () => lins.notes.allTextContents(), ['She writes about 118.']);
  await lins.page.getByPlaceholder('Add a tag').fill('shipping');
  await lins.page.keyboard.press('Enter');
  await lins.entry('Ingrid').getByText('shipping').waitFor();
  // What a key asks for while the answer to the act before is on its way is done after it.
  let held = /** @type {(() => void) | null} */ (null);
  await lins.page.route(`**/v1/tickets/${ticket}`, async (route) => {
    if (route.request().method() !== 'PATCH' || held !== null) return route.continue();
    await new Promise((resolve) => (held = () => resolve(null)));
    return route.continue();
  });
  await lins.page.getByPlaceholder('Add a tag').fill('norway');
  await lins.page.keyboard.press('Enter');
  await eventually('the request with the tag', async () => held !== null);
  await lins.page.keyboard.press('Alt+e');
  if (held !== null) held();
  await lins.entry('Ingrid').getByText('norway').waitFor();
  await lins.owner.getByText('Resolved').waitFor();
  await becomes('the open tickets', () => lins.names(), []);
  assert.equal((await anna.call('GET', `/v1/tickets/${ticket}`)).ticket.state, 'resolved');
  await lins.page.getByRole('button', { name: 'Undo' }).click();
  await becomes(
    'the state',
    async () => (await anna.call('GET', `/v1/tickets/${ticket}`)).ticket.state,
    'open',
  );

  await lins.fromTicketMenu('For 1 hour');
  await lins.owner.getByText(/^.*Snoozed until/).waitFor();
  await lins.page.getByLabel('State').selectOption('snoozed');
  await lins.see('All');
  await becomes('those put aside', () => lins.names(), ['Ingrid']);
});

test('what a visitor’s browser says of itself is text', async (t) => {
  const { anna, desk } = await staffed(t);
  const hostile = '<img src=x onerror="alert(1)">';
  const visitor = await Visitor.enter(anna.url, desk.key, hostile);
  await visitor.visits({
    url: 'https://shop.example/?q=<script>alert(1)</script>',
    title: hostile,
    referrer: 'javascript:alert(1)',
    attributes: { [hostile]: hostile, link: 'javascript:alert(1)' },
  });
  const ticket = await visitor.asks(`${hostile} [here](javascript:alert(1))`);
  await anna.call('PATCH', `/v1/tickets/${ticket}`, { tags: [hostile] });
  const screen = await DeskPage.open(t, anna);
  await screen.choose(hostile);
  const panel = screen.page.getByRole('complementary', { name: 'Visitor' });
  await panel.getByText(hostile).first().waitFor();
  const addresses = () =>
    screen.page.locator('a').evaluateAll((all) => all.map((each) => each.getAttribute('href') ?? ''));
  assert.deepEqual(
    (await addresses()).filter((each) => /script:|data:/i.test(each)),
    [],
  );
  assert.equal(await screen.page.locator('img[src="x"]').count(), 0);
  await panel.getByRole('button', { name: 'Block this visitor' }).click();
  const question = screen.page.getByRole('dialog', { name: 'Block this visitor' });
  await question.getByRole('button', { name: 'Block this visitor' }).click();
  await panel.getByText('Blocked', { exact: true }).waitFor();
  await assert.rejects(visitor.says(ticket, 'Once more'), /403/);
  await screen.page.getByRole('link', { name: 'Visitors' }).click();
  await screen.page.getByTestId('visitor').getByText(hostile).first().waitFor();
  assert.deepEqual(
    (await addresses()).filter((each) => /script:|data:/i.test(each)),
    [],
  );
  assert.equal(await screen.page.locator('img[src="x"]').count(), 0);
});

test('settings are kept, and an agent that governs nothing may only read them', async (t) => {
  const { anna, lin, desk } = await staffed(t);
  const annas = await DeskPage.open(t, anna);
  await annas.page.getByRole('link', { name: 'Settings' }).click();
  await annas.page.getByLabel('Greeting, English').fill('Hello!');
  await annas.page.getByLabel('Greeting, Chinese').fill('您好！');
  await annas.page.getByRole('switch', { name: 'Open at fixed hours' }).check();
  await annas.page.getByLabel('Monday, from').fill('08:30');
  await annas.page.getByLabel('Monday, from').blur();
  await annas.page.getByRole('radio', { name: 'In turn' }).check();
  await annas.page.getByRole('button', { name: '#6b4fbb' }).click();
  await annas.page.getByLabel('Sites that may show the window').fill('https://shop.example');
  await annas.page.getByRole('button', { name: 'Save', exact: true }).click();
  await annas.page.getByText('Saved.').waitFor();
  const { settings } = await anna.call('GET', `/v1/desks/${desk.id}`);
  assert.deepEqual(settings.greeting, { en: 'Hello!', 'zh-CN': '您好！' });
  assert.equal(settings.assignment, 'round_robin');
  assert.deepEqual(settings.origins, ['https://shop.example']);
  assert.equal(settings.theme.color, '#6b4fbb');
  assert.deepEqual(settings.hours.days[0], [{ from: 510, to: 1080 }]);
  await clean(annas.page, 'settings');

  const lins = await DeskPage.open(t, lin);
  await lins.page.getByRole('link', { name: 'Settings' }).click();
  await lins.page.getByText('Owners and supervisors of the desk change these.').waitFor();
  assert.equal(await lins.page.getByRole('button', { name: /^Save/ }).count(), 0);
  assert.ok(await lins.page.getByLabel('Greeting, English').isDisabled());
});

test('an agent sets how available it is, and the others see it', async (t) => {
  const { anna, lin, desk } = await staffed(t);
  const lins = await DeskPage.open(t, lin);
  const annas = await DeskPage.open(t, anna);
  await annas.page.getByRole('link', { name: 'Settings' }).click();
  const agent = annas.page.getByTestId('agent').filter({ hasText: 'Lin' });
  await lins.page.getByTestId('availability').click();
  await lins.page.getByRole('menuitemradio', { name: /^Away/ }).click();
  await agent.getByText(/^Away/).waitFor();
  const { agents } = await anna.call('GET', `/v1/desks/${desk.id}/agents`);
  assert.equal(agents.find((/** @type {any} */ each) => each.person.id === lin.id).availability, 'away');
});

test('on a phone there is one pane with a way back; all is clean in both languages and themes', async (t) => {
  const { anna, desk } = await staffed(t);
  const visitor = await desk.visitor('Ingrid');
  await visitor.visits({ url: 'https://shop.example/lamps', title: 'Lamps' });
  await visitor.asks('Do you ship to Norway?');
  const phone = { width: 390, height: 844 };
  const { page, ...rest } = await DeskPage.open(t, anna, { viewport: phone, hasTouch: true, isMobile: true });
  const screen = new DeskPage(page);
  await screen.entry('Ingrid').waitFor();
  await clean(page, 'the list on a phone');
  await screen.choose('Ingrid');
  assert.ok(await screen.entry('Ingrid').isHidden());
  await clean(page, 'a ticket on a phone');
  await page.getByRole('button', { name: 'Visitor', exact: true }).click();
  await page.getByRole('complementary', { name: 'Visitor' }).getByText('Lamps').first().waitFor();
  await clean(page, 'a visitor on a phone');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Back' }).click();
  await screen.entry('Ingrid').waitFor();
  assert.ok(rest);

  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const { page: wide } = await DeskPage.open(t, anna, { locale: 'zh-CN', colorScheme });
    await wide.getByTestId('ticket').first().click();
    await wide.getByTestId('message').first().waitFor();
    await wide.getByRole('button', { name: '内部备注' }).click();
    await clean(wide, `a ticket in Chinese, ${colorScheme}`);
    await wide.getByRole('link', { name: '访客', exact: true }).click();
    await wide.getByTestId('visitor').first().waitFor();
    await clean(wide, `visitors in Chinese, ${colorScheme}`);
    await wide.getByRole('link', { name: '设置' }).click();
    await wide.getByTestId('agent').first().waitFor();
    await clean(wide, `settings in Chinese, ${colorScheme}`);
  }
});

test('the page’s name counts those who wait, and who waits calls an agent that looks elsewhere', async (t) => {
  const { anna, desk } = await staffed(t);
  const { page } = await DeskPage.open(t, anna);
  await page.context().addInitScript(() => {
    /** @type {string[]} */
    const shown = [];
    class Shown extends EventTarget {
      static permission = 'granted';
      /** @param {string} title @param {NotificationOptions} options */
      constructor(title, { body = '' }) {
        super();
        shown.push(`${title}: ${body}`);
      }
      close() {}
    }
    document.hasFocus = () => false;
    Object.assign(window, { shown, Notification: Shown });
  });
  await page.reload();
  await page.getByText('Nobody waits', { exact: true }).waitFor();
  assert.equal(await page.title(), 'Support');
  const visitor = await desk.visitor('Ingrid');
  const ticket = await visitor.asks('Hello?');
  await becomes('the title', () => page.title(), '(1) Support');
  const shown = () => page.evaluate(() => /** @type {any} */ (window).shown.length);
  await becomes('notifications', shown, 1);
  await anna.call('POST', `/v1/tickets/${ticket}/claim`);
  await anna.say(ticket, 'Hello!');
  await becomes('the title', () => page.title(), 'Support');
});
