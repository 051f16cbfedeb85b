/** All tabs of a browser share one connection. */
import { test } from 'node:test';
import { chatOf, openChat } from '../support/browser.mjs';
import { Member } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

test('two tabs have one connection, and when the tab that holds it closes the other goes on', async (t) => {
  const server = await Server.start(t);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const conversation = await anna.direct(mei);
  const leader = await chatOf(t, anna);
  await leader.choose('Mei');
  await leader.isLiveOver('websocket');
  const follower = await openChat(leader.page.context(), server.url);
  await follower.choose('Mei');
  await follower.isLiveOver('websocket');

  const expected = ['to both', 'by the one that leads', 'by the other'];
  await mei.say(conversation, 'to both');
  await leader.shows(['to both']);
  await leader.say('by the one that leads');
  await follower.shows(expected.slice(0, 2));
  await follower.say('by the other');
  for (const chat of [leader, follower]) await chat.shows(expected);
  await becomes('the sessions', () => server.sessions(), { websocket: 1 });
  await follower.connection.click();
  await follower.page.getByText('Another tab holds the connection for this one.').waitFor();
  await follower.page.keyboard.press('Escape');

  // The choice of a transport holds for the browser, whichever tab it is made in.
  await follower.chooseTransport('sse');
  await leader.isLiveOver('sse');
  await becomes('the sessions', () => server.sessions(), { sse: 1 });

  // Closed in the middle of it all.
  expected.push('while one closes', 'after that');
  const [,] = await Promise.all([leader.page.close(), mei.say(conversation, 'while one closes')]);
  await follower.shows(expected.slice(0, 4));
  await follower.isLiveOver('sse');
  await follower.say('after that');
  await follower.shows(expected);
  await becomes('the log', () => mei.said(conversation), expected);
  await becomes('the sessions', () => server.sessions(), { sse: 1 });

  const third = await openChat(follower.page.context(), server.url);
  await third.choose('Mei');
  await third.shows(expected);
  await becomes('the sessions', () => server.sessions(), { sse: 1 });
});
