import { expect, test } from 'vitest';
import {
  memoryStorage,
  type Environment,
  type EventSourceLike,
  type Frame,
  type PageDocument,
} from '../src/environment.js';
import { EnckeClient } from '../src/encke-client.js';
import type { Item } from '../src/types.js';
import { FakeClock, settle } from './support/clock.js';
import { cursorAt, message } from './support/events.js';
import { FakeServer, heartbeat_ms } from './support/server.js';

const ready: Item = { type: 'ready', cursor: cursorAt(0), heartbeat_ms };

/** A page whose frames do what the test says. */
class FakePage implements PageDocument {
  readonly frames: (Frame & { url: URL; ended: () => void })[] = [];
  readonly globals = new Map<string, (item: unknown) => void>();
  readonly posted = new Set<(message: { origin: string; source: unknown; data: unknown }) => void>();

  openFrame(url: string, ended: () => void): Frame {
    const frame = {
      url: new URL(url, 'https://chat.example'),
      ended,
      source: { window: this.frames.length },
      remove: () => void this.frames.splice(this.frames.indexOf(frame), 1),
    };
    this.frames.push(frame);
    return frame;
  }

  expose(name: string, call: (item: unknown) => void): () => void {
    this.globals.set(name, call);
    return () => void this.globals.delete(name);
  }

  onMessage(handler: (message: { origin: string; source: unknown; data: unknown }) => void): () => void {
    this.posted.add(handler);
    return () => void this.posted.delete(handler);
  }

  onLife(): () => void {
    return () => undefined;
  }
}

async function framed(options: { baseUrl?: string; token?: string } = {}) {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const page = new FakePage();
  const told: number[] = [];
  const states: string[] = [];
  const client = new EnckeClient({
    ...options,
    storage: memoryStorage(),
    transports: ['iframe'],
    environment: { ...server.environment(), document: page },
  });
  client.on('event', (event) => told.push(event.seq));
  client.on('state', ({ phase }) => states.push(phase));
  client.start();
  await settle();
  const call = (item: Item) => [...page.globals.values()].at(-1)?.(item);
  return { clock, server, page, told, states, client, call };
}

test('a frame of the same origin calls a function of the page, which goes with it', async () => {
  const { page, told, client, call } = await framed();
  const name = page.frames[0]?.url.searchParams.get('callback') ?? '';
  expect(name).toMatch(/^[A-Za-z_$][\w$]{0,63}$/);
  expect(page.globals.has(name)).toBe(true);
  call(ready);
  call(message('c1', 1, 1));
  expect(client.state.phase).toBe('live');
  expect(told).toEqual([1]);
  client.stop();
  expect([page.frames.length, page.globals.size]).toEqual([0, 0]);
});

test('of posted messages only those of the server and of this frame count', async () => {
  const { page, told } = await framed({ baseUrl: 'https://api.example', token: 'T' });
  const [frame] = page.frames;
  expect(frame?.url.searchParams.get('parent')).toBe('https://chat.example');
  expect(frame?.url.searchParams.has('ticket')).toBe(true);
  const post = (origin: string, source: unknown, data: unknown) =>
    page.posted.forEach((handler) => handler({ origin, source, data }));
  post('https://api.example', frame?.source, ready);
  post('https://evil.example', frame?.source, message('c1', 1, 1));
  post('https://api.example', {}, message('c1', 1, 1));
  expect(told).toEqual([]);
  post('https://api.example', frame?.source, message('c1', 1, 1));
  expect(told).toEqual([1]);
});

test('a frame that was reset, of which a page hears nothing, is noticed within five seconds', async () => {
  const { clock, page, told, client, call } = await framed();
  const beat = { type: 'beat' } as unknown as Item;
  call({ type: 'ready', cursor: cursorAt(0), heartbeat_ms: 2_000 });
  for (let count = 0; count < 30; count += 1) {
    await clock.advance(2_000);
    call(beat);
  }
  expect(client.state.phase).toBe('live');
  const [frame] = page.frames;
  await clock.advance(5_000);
  expect(page.frames).not.toContain(frame);
  await clock.advance(5_000);
  expect(page.frames).toHaveLength(1);
  call(ready);
  call(message('c1', 1, 1));
  expect(client.state.phase).toBe('live');
  expect(told).toEqual([1]);
});

test('a frame that was cut without a word is replaced when an answered send does not come back', async () => {
  const { clock, server, page, client, call } = await framed();
  call(ready);
  client.send('c1', 'Anybody?');
  await settle();
  expect(server.log).toHaveLength(1);
  expect(client.outgoing).toHaveLength(1);
  await clock.advance(5_100);
  expect(page.frames).toHaveLength(2);
  call(server.log[0] as Item);
  call(ready);
  expect(page.frames).toHaveLength(1);
  expect(client.outgoing).toEqual([]);
});

test('the end of a frame is a drop', async () => {
  const { clock, page, client, call } = await framed();
  call(ready);
  page.frames[0]?.ended();
  expect(client.state.phase).toBe('waiting');
  await clock.advance(1_000);
  expect(page.frames).toHaveLength(1);
});

test('a long poll that nobody waits for any more is called off', async () => {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const options = { storage: memoryStorage(), environment: server.environment() };
  const client = new EnckeClient({ ...options, transports: ['long-poll'] });
  client.start();
  await settle();
  expect(server.polls).toBe(1);
  client.stop();
  await settle();
  expect(server.polls).toBe(0);
});

test('without streamed fetch, SSE goes by EventSource with a fresh ticket each time', async () => {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const sources: (EventSourceLike & { url: URL })[] = [];
  let closed = 0;
  const environment: Partial<Environment> = {
    ...server.environment(),
    streams: false,
    EventSource: (url, withCredentials) => {
      expect(withCredentials).toBe(false);
      const close = () => void (closed += 1);
      const source = { url: new URL(url), onopen: null, onmessage: null, onerror: null, close };
      sources.push(source);
      return source;
    },
  };
  const client = new EnckeClient({
    baseUrl: 'https://api.example',
    token: 'T',
    storage: memoryStorage(),
    transports: ['sse', 'ndjson'],
    environment,
  });
  const told: number[] = [];
  client.on('event', (event) => told.push(event.seq));
  client.start();
  await settle();
  const say = (item: Item) => sources.at(-1)?.onmessage?.({ data: JSON.stringify(item) });
  say(ready);
  say(message('c1', 1, 1));
  expect(client.state).toMatchObject({ phase: 'live', transport: 'sse' });
  sources[0]?.onerror?.();
  expect(closed).toBe(1);
  await clock.advance(1_000);
  say(message('c1', 2, 2));
  expect(told).toEqual([1, 2]);
  const tickets = sources.map(({ url }) => url.searchParams.get('ticket'));
  expect(tickets).toEqual(['ticket-1', 'ticket-2']);
  expect(sources[1]?.url.searchParams.get('cursor')).toBe(cursorAt(1));
});

test('a transport that can not carry a token is never given it in its address', async () => {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const addresses: string[] = [];
  const { WebSocket: make, ...rest } = server.environment();
  const client = new EnckeClient({
    baseUrl: 'https://api.example/',
    token: 'SECRET',
    storage: memoryStorage(),
    environment: { ...rest, WebSocket: (url) => (addresses.push(url), make!(url)) },
  });
  client.start();
  await settle();
  expect(client.state).toMatchObject({ phase: 'live', transport: 'websocket' });
  expect(addresses[0]).toMatch(/^wss:\/\/api\.example\/v1\/feed\?.*ticket=ticket-1/);
  expect(addresses.join()).not.toContain('SECRET');
});
