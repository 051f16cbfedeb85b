/** Guests, rooms, and authority that reaches open pages at once (P7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, freshBrowser, openChat } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

/** The promise is one second; the rest is what a busy machine may take to show it. */
const at_once_ms = 3_000;

test('guests enter once the owner allows it', async (t) => {
  const { server, anna } = await three(t);
  const guest = await openChat(await freshBrowser(t), server.url);
  await guest.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await guest.page.getByRole('button', { name: 'Enter as a guest' }).waitFor({ state: 'detached' });

  const chat = await chatOf(t, anna);
  await chat.fromAccountMenu('Site settings');
  await chat.page.getByRole('switch', { name: 'Guests may enter' }).check();
  await chat.page.getByRole('button', { name: 'Save', exact: true }).click();
  await chat.page.getByText('Saved.').waitFor();
  await chat.page.keyboard.press('Escape');

  await guest.page.reload();
  await guest.page.getByRole('button', { name: 'Enter as a guest instead' }).click();
  await guest.page.getByRole('textbox', { name: 'Display name' }).fill('Visiting Otto');
  await guest.page.getByRole('button', { name: 'Enter as a guest', exact: true }).click();
  await guest.list.waitFor();

  await chat.list.getByRole('button', { name: 'New conversation' }).first().click();
  await chat.page.getByRole('searchbox', { name: 'Find people' }).fill('otto');
  await chat.page
    .getByRole('list', { name: 'People' })
    .getByRole('button', { name: 'Visiting Otto' })
    .click();
  await chat.thread('Visiting Otto').waitFor();
  await chat.say('Welcome!');
  await guest.choose('Anna');
  await guest.shows(['Welcome!']);
  await guest.say('Thank you');
  await chat.shows(['Welcome!', 'Thank you']);
});

test('rooms: created, joined, invited to, left, and lost at once by who is removed', async (t) => {
  const { anna, mei, bo } = await three(t);
  const [annas, meis, bos] = [await chatOf(t, anna), await chatOf(t, mei), await chatOf(t, bo)];

  await annas.list.getByRole('button', { name: 'New conversation' }).first().click();
  await annas.page.getByRole('tab', { name: 'Room', exact: true }).click();
  await annas.page.getByRole('textbox', { name: 'Room title' }).fill('Kitchen');
  await annas.page.getByRole('switch', { name: 'Open room' }).check();
  await annas.page.getByRole('button', { name: 'Create room' }).click();
  await annas.thread('Kitchen').waitFor();
  await annas.say('Who cooks?');

  await meis.list.getByRole('button', { name: 'New conversation' }).first().click();
  await meis.page.getByRole('tab', { name: 'Open rooms' }).click();
  await meis.page.getByRole('button', { name: 'Join Kitchen' }).click();
  await meis.thread('Kitchen').waitFor();
  await meis.say('I do');
  await annas.shows(['Who cooks?', 'I do']);
  await annas.thread('Kitchen').getByText('Mei joined').waitFor();

  const details = await annas.openDetails();
  await details.getByRole('button', { name: 'Invite people' }).click();
  await annas.page.getByRole('list', { name: 'People' }).getByRole('button', { name: 'Bo' }).click();
  await bos.choose('Kitchen');
  await bos.say('What is there?');
  await annas.shows(['Who cooks?', 'I do', 'What is there?']);

  await details.getByRole('button', { name: 'Edit title, topic and picture' }).click();
  await details.getByRole('textbox', { name: 'Room title' }).fill('Großküche 厨房');
  await details.getByRole('button', { name: 'Save' }).click();
  for (const chat of [annas, meis, bos]) await chat.thread('Großküche 厨房').waitFor();

  // Removed: gone from the list and from the screen; nothing more can be written.
  await details.getByRole('button', { name: 'Actions for Bo' }).click();
  await annas.page.getByRole('menuitem', { name: 'Remove from the room' }).click();
  await annas.page.getByRole('dialog').getByRole('button', { name: 'Remove from the room' }).click();
  await bos.page
    .getByText('You are not in this conversation.')
    .waitFor({ state: 'visible', timeout: at_once_ms });
  await bos.composer.waitFor({ state: 'detached' });
  await becomes('the list of who was removed', () => bos.list.getByTestId('conversation').count(), 0);
  await annas.thread('Großküche 厨房').getByText('You removed Bo').waitFor();

  // Leaving a room has the same effect as being removed.
  await meis.openDetails();
  await meis.page.getByRole('button', { name: 'Leave room' }).click();
  await meis.page.getByRole('dialog').getByRole('button', { name: 'Leave room' }).click();
  await becomes('the list of who left', () => meis.list.getByTestId('conversation').count(), 0);
  await annas.thread('Großküche 厨房').getByText('Mei left').waitFor();
  await annas.say('Anybody?');
  await becomes('the ticks', async () => (await annas.ticks()).at(-1), 'stored');
});

test('signing out everywhere ends the other browser at once', async (t) => {
  const { server, anna } = await three(t);
  const here = await chatOf(t, anna);
  const there = await chatOf(t, await Member.signIn(server.url, 'anna'));
  await here.isLiveOver('websocket');
  await there.isLiveOver('websocket');

  await here.fromAccountMenu('Sign out everywhere');
  await here.page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await there.page.getByText('You have been signed out.').waitFor({ timeout: at_once_ms });
  await here.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await becomes('the sessions', () => server.sessions(), {});
  await there.page.reload();
  await there.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
});

test('signing out everywhere revokes the tokens, if one chooses so', async (t) => {
  const { server, anna } = await three(t);
  const token = await server.command('token', 'create', '--user', 'anna');
  const status = async () => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${server.url}/v1/me`, { headers })).status;
  };
  const here = await chatOf(t, anna);
  await here.isLiveOver('websocket');
  await here.fromAccountMenu('Sign out everywhere');
  assert.equal(await status(), 200);
  const dialog = here.page.getByRole('dialog');
  await dialog.getByRole('switch', { name: 'Revoke my tokens, too' }).check();
  await dialog.getByRole('button', { name: 'Sign out everywhere' }).click();
  await here.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  assert.equal(await status(), 401);
});

test('signing out in one tab ends the others of the browser, and only those', async (t) => {
  const { server, anna } = await three(t);
  const first = await chatOf(t, anna);
  const elsewhere = await chatOf(t, await Member.signIn(server.url, 'anna'));
  await first.isLiveOver('websocket');
  const second = await openChat(first.page.context(), server.url);
  await second.isLiveOver('websocket');

  await second.fromAccountMenu('Sign out');
  for (const chat of [first, second]) {
    await chat.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor({ timeout: at_once_ms });
  }
  await elsewhere.isLiveOver('websocket');
  await becomes('the sessions', () => server.sessions(), { websocket: 1 });
});

test('a guest is seen to be one wherever its name is shown', async (t) => {
  const { server, anna, mei } = await three(t);
  await anna.call('PATCH', '/v1/settings', { guests: true });
  const guest = await openChat(await freshBrowser(t), server.url);
  await guest.page.getByRole('button', { name: 'Enter as a guest instead' }).click();
  const name = guest.page.getByRole('textbox', { name: 'Display name' });
  const enter = guest.page.getByRole('button', { name: 'Enter as a guest', exact: true });
  // A guest can't take the name of somebody with an account, nor one with invisible characters.
  for (const [wanted, said] of [
    ['\u0410nna', 'This name is taken, or looks like one that is.'],
    ['Me\u200Bi', 'A name has no invisible characters'],
  ]) {
    await name.fill(wanted ?? '');
    await enter.click();
    await guest.page
      .getByRole('alert')
      .getByText(said ?? '')
      .waitFor();
  }
  await name.fill('Otto');
  await enter.click();
  await guest.list.waitFor();

  const chat = await chatOf(t, anna);
  await chat.list.getByRole('button', { name: 'New conversation' }).first().click();
  await chat.page.getByRole('searchbox', { name: 'Find people' }).fill('otto');
  const people = chat.page.getByRole('list', { name: 'People' });
  await people.getByRole('button', { name: /Otto\s+Guest/ }).click();
  await chat.thread('Otto').waitFor();
  await chat.say('Welcome!');
  // In the list, also by its accessible name, above the thread, and in the details.
  await chat.list.getByRole('link', { name: /^Otto\W+Guest/ }).waitFor();
  await chat.page.locator('header').getByTestId('guest').getByText('Guest', { exact: true }).waitFor();
  await (await chat.openDetails()).getByRole('heading', { name: /Otto\s+Guest/ }).waitFor();

  await guest.choose('Anna');
  const { people: found } = await anna.call('GET', '/v1/people?q=otto');
  const members = [mei, { ...mei, id: found[0].id }];
  const room = await anna.room('Kitchen', /** @type {Member[]} */ (members));
  await anna.say(room, 'Who cooks?');
  await chat.choose('Kitchen');
  await guest.choose('Kitchen');
  await guest.say('I do');
  await chat.shows(['Who cooks?', 'I do']);
  // On a message, in the list of members, beside the last message.
  const message = chat.page.getByTestId('message').filter({ hasText: 'I do' });
  await message.getByTestId('guest').getByText('Guest', { exact: true }).waitFor();
  await chat.openDetails();
  await chat.page.getByTestId('member').filter({ hasText: 'Otto' }).getByTestId('guest').waitFor();
  await becomes('badges of members', () => chat.page.getByTestId('member').getByTestId('guest').count(), 1);
  await chat.entry('Kitchen').getByText('Otto (Guest):').waitFor();
  await guest.composer.pressSequentially('wait');
  await chat.page.getByTestId('typing').getByText('Otto (Guest)').waitFor();

  await chat.account.click();
  await chat.page.getByRole('menuitemradio', { name: '简体中文' }).click();
  await chat.page.keyboard.press('Escape');
  await message.getByTestId('guest').getByText('访客', { exact: true }).waitFor();
});

/** @param {import('node:test').TestContext} t */
async function three(t) {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  return { server, anna, mei: await anna.adds('mei', 'Mei'), bo: await anna.adds('bo', 'Bo') };
}
