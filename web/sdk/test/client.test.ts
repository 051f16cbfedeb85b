import { beforeEach, expect, test } from 'vitest';
import { aside_ms } from '../src/choice.js';
import type { ClientOptions } from '../src/client.js';
import { EnckeClient } from '../src/encke-client.js';
import { memoryStorage } from '../src/environment.js';
import { FakeBrowser } from './support/browser.js';
import { FakeClock, settle } from './support/clock.js';
import { cursorAt, message } from './support/events.js';
import { FakeServer } from './support/server.js';

let clock: FakeClock;
let server: FakeServer;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer(clock);
});

interface Seen {
  client: EnckeClient;
  /** `seq` of the events of c1, and what else was told, in order. */
  told: (number | string)[];
  states: string[];
}

async function tab(options: ClientOptions = {}, browser?: FakeBrowser): Promise<Seen> {
  const storage = browser?.storage ?? memoryStorage();
  const client = new EnckeClient({ storage, environment: server.environment(browser), ...options });
  const seen: Seen = { client, told: [], states: [] };
  client.on('snapshot', ({ conversations }) => seen.told.push(`snapshot ${conversations[0]?.head_seq}`));
  client.on('event', (event) => seen.told.push(event.seq));
  client.on('revoked', () => seen.told.push('revoked'));
  client.on('state', ({ phase, transport }) => seen.states.push(`${phase} ${transport}`));
  client.start();
  await settle();
  return seen;
}

test('a page starts with a snapshot and goes on from its cursor', async () => {
  server.append('c1');
  const { client, told } = await tab();
  expect(told).toEqual(['snapshot 1']);
  expect(client.state).toMatchObject({ phase: 'live', transport: 'websocket', leader: true });
  server.append('c1');
  expect(told).toEqual(['snapshot 1', 2]);
});

test.each(['websocket', 'sse', 'ndjson', 'long-poll', 'short-poll'] as const)(
  'over %s: order, a drop, no gap and no duplicate',
  async (name) => {
    const { client, told } = await tab({ transports: [name] });
    for (let count = 0; count < 3; count += 1) {
      server.append('c1');
      await clock.advance(50);
    }
    server.down = true;
    await server.drop();
    for (let count = 0; count < 250; count += 1) server.append('c1');
    await clock.advance(20_000);
    expect(client.state.phase).not.toBe('live');
    server.down = false;
    await clock.advance(40_000);
    server.append('c1');
    await clock.advance(15_000);
    expect(client.state).toMatchObject({ phase: 'live', transport: name });
    expect(told).toEqual(['snapshot 0', ...Array.from({ length: 254 }, (_, index) => index + 1)]);
  },
);

test.each(['refuse', 'buffer'] as const)(
  'a transport that is blocked (%s) gives way to the next',
  async (how) => {
    server.blocked.set('websocket', how);
    server.blocked.set('sse', how);
    const { client, told } = await tab();
    await clock.advance(9_000);
    expect(client.state).toMatchObject({ phase: 'live', transport: 'ndjson' });
    server.append('c1');
    await settle();
    expect(told).toEqual(['snapshot 0', 1]);
  },
);

test('a better transport that gets through again takes over without a pause or a duplicate', async () => {
  server.blocked.set('websocket', 'refuse');
  const { client, told, states } = await tab();
  expect(client.state.transport).toBe('sse');
  server.blocked.clear();
  server.append('c1');
  await clock.advance(aside_ms / 2);
  server.say({ type: 'signal', kind: 'typing', stream: 'c1', from: 'p2', body: { on: true } });
  for (let beat = 0; beat < 10; beat += 1) {
    await clock.advance(aside_ms / 10);
    server.append('c1');
    await settle();
  }
  expect(client.state).toMatchObject({ phase: 'live', transport: 'websocket' });
  expect(server.connections).toEqual(['websocket']);
  expect(states.slice(-2)).toEqual(['live sse', 'live websocket']);
  expect(told).toEqual(['snapshot 0', ...Array.from({ length: 11 }, (_, index) => index + 1)]);
});

test('a server that is down is not blamed on the transport', async () => {
  server.down = true;
  const { client } = await tab();
  expect(client.state).toMatchObject({ phase: 'waiting' });
  server.down = false;
  await clock.advance(30_000);
  expect(client.state).toMatchObject({ phase: 'live', transport: 'websocket' });
  server.down = true;
  await server.drop();
  await clock.advance(60_000);
  expect(server.requests.filter((line) => line === 'GET /v1/feed')).toEqual([]);
  server.down = false;
  await clock.advance(30_000);
  expect(client.state).toMatchObject({ phase: 'live', transport: 'websocket' });
});

test('silence for longer than the heartbeats allow is a drop', async () => {
  const { client, told } = await tab({ transports: ['sse'] });
  server.append('c1');
  await settle();
  expect(server.connections).toEqual(['sse']);
  await clock.advance(54_000);
  expect(client.state.phase).toBe('live');
  const asked = server.requests.length;
  await clock.advance(2_000);
  expect(server.requests.length).toBeGreaterThan(asked);
  expect(client.state.phase).toBe('live');
  expect(told).toEqual(['snapshot 0', 1]);
});

test('a gap is asked for again from the last good cursor', async () => {
  const { told } = await tab();
  server.append('c1');
  server.log.push(message('c1', 2, 2));
  server.say(message('c1', 3, 3));
  server.log.push(message('c1', 3, 3));
  expect(told).toEqual(['snapshot 0', 1]);
  await clock.advance(1_000);
  expect(told).toEqual(['snapshot 0', 1, 2, 3]);
});

test('a gap that stays is answered with a snapshot, never skipped', async () => {
  const { told } = await tab();
  server.log.push(message('c2', 1, 1), message('c1', 2, 2));
  await server.drop();
  await clock.advance(20_000);
  expect(told.filter((each) => each !== 1)).toEqual(['snapshot 0', 'snapshot 1']);
});

test('a reset leads to a snapshot and on from there', async () => {
  const { client, told } = await tab();
  server.append('c1');
  server.down = true;
  await server.drop();
  server.append('c1');
  server.trimmed = 2;
  server.down = false;
  await clock.advance(2_000);
  server.append('c1');
  expect(client.state.phase).toBe('live');
  expect(told).toEqual(['snapshot 0', 1, 'snapshot 2', 3]);
});

test('the server says when to come back, and it is obeyed', async () => {
  const { client } = await tab();
  const at = clock.now();
  server.say({ type: 'bye', reason: 'drain', retry: true, after_ms: 1_830 });
  expect(client.state).toMatchObject({ phase: 'waiting', retryAt: at + 1_830 });
  await clock.advance(1_829);
  expect(client.state.phase).toBe('waiting');
  await clock.advance(1);
  expect(client.state.phase).toBe('live');
});

test('a sign-out elsewhere ends it', async () => {
  const { client, told } = await tab();
  server.say({ type: 'bye', reason: 'revoked', retry: false });
  expect(told).toEqual(['snapshot 0', 'revoked']);
  expect(client.state.phase).toBe('stopped');
  await clock.advance(60_000);
  expect(client.state.phase).toBe('stopped');
});

test('a newer token takes over without a gap, and speaks from then on', async () => {
  const { client, told } = await tab({ token: 'first', transports: ['sse'] });
  const [before] = server.connections;
  client.useToken('second');
  server.append('c1');
  await settle();
  server.append('c1');
  await clock.advance(1_000);
  expect(server.tokens.at(-1)).toBe('Bearer second');
  expect(told).toEqual(['snapshot 0', 1, 2]);
  expect(server.connections).toEqual([before]);
  expect(client.state.phase).toBe('live');
});

test('a sign-out that a WebSocket can not see is found out by a plain request', async () => {
  const { told } = await tab();
  server.signedIn = false;
  await server.drop();
  await clock.advance(2_000);
  expect(told).toEqual(['snapshot 0', 'revoked']);
});

test.each(['websocket', 'sse'] as const)('over %s: a send of unknown outcome is sent once', async (name) => {
  const { client, told } = await tab({ transports: [name] });
  server.loseAnswers = true;
  const { key } = client.send('c1', 'hello');
  client.send('c1', 'world');
  await settle();
  expect(client.outgoing.some((each) => each.text === 'world')).toBe(true);
  server.loseAnswers = false;
  await clock.advance(20_000);
  expect(server.log.map((event) => event.body)).toEqual([{ text: 'hello' }, { text: 'world' }]);
  expect(server.log[0]?.key).toBe(key);
  expect(told).toEqual(['snapshot 0', 1, 2]);
  expect(client.outgoing).toEqual([]);
});

test.each(['websocket', 'sse'] as const)('over %s: a send names its files', async (name) => {
  const { client } = await tab({ transports: [name] });
  client.send('c1', '', { files: ['f1', 'f2'] });
  await settle();
  await clock.advance(1_000);
  expect(server.files).toEqual(['f1', 'f2']);
});

test('a message is shown as event before it goes from the outgoing ones', async () => {
  const { client } = await tab();
  const order: string[] = [];
  client.on('event', () => order.push('event'));
  client.on('outgoing', (list) => order.push(`outgoing ${list.length}`));
  client.send('c1', 'hello');
  await settle();
  expect(order).toEqual(['outgoing 1', 'event', 'outgoing 0']);
});

test('a message written while the server is away outlives the page', async () => {
  const storage = memoryStorage();
  const first = await tab({ storage });
  server.down = true;
  await server.drop();
  first.client.send('c1', 'later');
  await clock.advance(5_000);
  first.client.stop();
  server.down = false;
  const second = await tab({ storage });
  await clock.advance(1_000);
  expect(server.log.map((event) => event.body)).toEqual([{ text: 'later' }]);
  expect(second.client.outgoing).toEqual([]);
});

test('a page that resumes gets what it missed, without a snapshot', async () => {
  const storage = memoryStorage();
  const first = await tab({ storage, resume: true });
  server.append('c1');
  first.client.stop();
  server.append('c1');
  const second = await tab({ storage, resume: true });
  expect(first.told).toEqual(['snapshot 0', 1]);
  expect(second.told).toEqual([2]);
});

test('streams are acked at most once a second, so that delivered marks move', async () => {
  const { client } = await tab({ transports: ['sse'] });
  for (let count = 0; count < 20; count += 1) {
    server.append('c1');
    await clock.advance(100);
  }
  await clock.advance(1_000);
  expect(client.state.transport).toBe('sse');
  expect(server.acks.length).toBeLessThanOrEqual(4);
  expect(server.acks.at(-1)).toBe(cursorAt(20));
});

test('the choice by hand is kept, and goes over at once', async () => {
  const storage = memoryStorage();
  const { client } = await tab({ storage });
  client.useTransport('long-poll');
  await settle();
  expect(client.state).toMatchObject({ phase: 'live', transport: 'long-poll' });
  client.stop();
  const next = await tab({ storage });
  expect(next.client.preferredTransport).toBe('long-poll');
  expect(next.client.state.transport).toBe('long-poll');
  next.client.useTransport('auto');
  await settle();
  expect(next.client.state.transport).toBe('websocket');
});

test('all tabs share one connection, and each hears everything once', async () => {
  const browser = new FakeBrowser();
  const one = await tab({}, browser);
  server.append('c1');
  const two = await tab({}, browser);
  server.append('c1');
  await settle();
  expect(server.connections).toEqual(['websocket']);
  expect([one.client.state.leader, two.client.state.leader]).toEqual([true, false]);
  expect(two.client.state).toMatchObject({ phase: 'live', transport: 'websocket' });
  expect(one.told).toEqual(['snapshot 0', 1, 2]);
  expect(two.told).toEqual(['snapshot 1', 2]);
});

test('when the leading tab closes the next one goes on, with nothing lost and nothing twice', async () => {
  const browser = new FakeBrowser();
  const one = await tab({}, browser);
  const two = await tab({}, browser);
  const three = await tab({}, browser);
  server.append('c1');
  await settle();
  one.client.stop();
  server.append('c1');
  await settle();
  server.append('c1');
  await settle();
  expect(server.connections).toEqual(['websocket']);
  expect([two.client.state.leader, three.client.state.leader]).toEqual([true, false]);
  for (const { told } of [two, three]) expect(told).toEqual(['snapshot 0', 1, 2, 3]);
});

test('a message of a tab that follows is sent, and one that it leaves behind is taken up', async () => {
  const browser = new FakeBrowser();
  const one = await tab({}, browser);
  const two = await tab({}, browser);
  two.client.send('c1', 'from the second tab');
  await settle();
  expect(server.log).toHaveLength(1);
  expect(two.client.outgoing).toEqual([]);
  server.down = true;
  await server.drop();
  one.client.send('c1', 'left behind');
  await settle();
  one.client.stop();
  server.down = false;
  await clock.advance(5_000);
  expect(server.log.map((event) => event.body)).toContainEqual({ text: 'left behind' });
  expect(two.client.outgoing).toEqual([]);
});

test('a tab that missed what the leader passed on fetches it', async () => {
  const browser = new FakeBrowser();
  await tab({}, browser);
  const environment = server.environment(browser);
  let frozen = false;
  const broadcast: typeof environment.broadcast = (name) => {
    const real = browser.broadcast(name);
    return { ...real, onMessage: (handler) => real.onMessage((heard) => !frozen && handler(heard)) };
  };
  const two = await tab({ environment: { ...environment, broadcast } }, browser);
  frozen = true;
  server.append('c1');
  server.append('c1');
  await settle();
  frozen = false;
  server.append('c1');
  await settle();
  expect(two.told).toEqual(['snapshot 0', 1, 2, 3]);
});

test('a reset in the leading tab reaches all tabs as one snapshot', async () => {
  const browser = new FakeBrowser();
  const one = await tab({}, browser);
  const two = await tab({}, browser);
  server.append('c1');
  await settle();
  server.say({ type: 'reset', reason: 'unknown_epoch', cursor: cursorAt(1) });
  server.append('c1');
  await clock.advance(1_000);
  server.append('c1');
  await settle();
  expect(one.told).toEqual(['snapshot 0', 1, 'snapshot 2', 3]);
  expect(two.told).toEqual(['snapshot 0', 1, 'snapshot 2', 3]);
  expect(server.requests.filter((line) => line === 'GET /v1/snapshot')).toHaveLength(3);
});

test('the network going and coming back is seen, and the way back does not wait for its turn', async () => {
  let online = true;
  let change: (online: boolean) => void = () => undefined;
  const network = {
    online: () => online,
    onChange: (handler: (online: boolean) => void) => {
      change = handler;
      return () => undefined;
    },
  };
  const { client } = await tab({ environment: { ...server.environment(), network } });
  online = false;
  server.down = true;
  change(false);
  expect(client.state).toMatchObject({ phase: 'offline', retryAt: null });
  await clock.advance(120_000);
  expect(client.state.phase).toBe('offline');
  online = true;
  server.down = false;
  change(true);
  await settle();
  expect(client.state.phase).toBe('live');
});

test('a page that is looked at again tries at once, but not before the time that the server has set', async () => {
  let life: (what: 'shown' | 'left') => void = () => undefined;
  const document = {
    openFrame: () => ({ source: null, remove: () => undefined }),
    expose: () => () => undefined,
    onMessage: () => () => undefined,
    onLife: (handler: (what: 'shown' | 'left') => void) => {
      life = handler;
      return () => undefined;
    },
  };
  const { client } = await tab({ environment: { ...server.environment(), document } });
  server.down = true;
  await server.drop();
  await clock.advance(60_000);
  expect(client.state.phase).toBe('waiting');
  server.down = false;
  life('shown');
  await settle();
  expect(client.state.phase).toBe('live');
  server.say({ type: 'bye', reason: 'drain', retry: true, after_ms: 5_000 });
  life('shown');
  await settle();
  expect(client.state.phase).toBe('waiting');
});

test('a read mark that was lost is said again when the feed is live', async () => {
  const { client } = await tab();
  server.append('c1');
  server.down = true;
  await server.drop();
  client.read('c1', 1);
  await clock.advance(1_000);
  server.down = false;
  await clock.advance(20_000);
  expect(server.commands).toContainEqual({ type: 'read', conversation: 'c1', seq: 1 });
});

test('the browser is away only when no tab is looked at, and the leading tab says it once', async () => {
  const browser = new FakeBrowser();
  const one = await tab({}, browser);
  one.client.presence('online');
  const two = await tab({}, browser);
  two.client.presence('online');
  await settle();
  one.client.presence('away');
  await settle();
  two.client.presence('away');
  await settle();
  const said = server.commands.flatMap((command) => (command.type === 'presence' ? [command.state] : []));
  expect(said).toEqual(['online', 'away']);
});

test('a page where somebody else has signed in meanwhile stops', async () => {
  const { told } = await tab();
  server.person = { ...server.person, id: 'p9' };
  server.say({ type: 'reset', reason: 'unknown_epoch', cursor: cursorAt(0) });
  await settle();
  expect(told).toEqual(['snapshot 0', 'revoked']);
});
