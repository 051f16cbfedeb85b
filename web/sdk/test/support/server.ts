/** A small Encke: one person's log, the transports that run without a page, and faults on demand. */
import type {
  Environment,
  FetchLike,
  RequestLike,
  ResponseLike,
  WebSocketLike,
} from '../../src/environment.js';
import type { Command, FeedEvent, Item, Sent, Snapshot, TransportName } from '../../src/types.js';
import type { FakeBrowser } from './browser.js';
import { settle, type FakeClock } from './clock.js';
import { conversation, cursorAt, me, message, snapshot } from './events.js';

export const heartbeat_ms = 25_000;

interface Stream {
  name: TransportName;
  /** The next position to send. */
  at: number;
  send(items: Item[]): void;
  end(): void;
}

export class FakeServer {
  readonly log: FeedEvent[] = [];
  readonly requests: string[] = [];
  /** What the requests have named as their right. */
  readonly tokens: string[] = [];
  /** The files that sends have named. */
  readonly files: string[] = [];
  readonly commands: Command[] = [];
  readonly acks: string[] = [];
  /** Positions up to here can't be replayed any more. */
  trimmed = 0;
  down = false;
  signedIn = true;
  person = me;
  /** Appends, and then the answer is lost on its way. */
  loseAnswers = false;
  /** Nothing of these gets through: `refuse` ends at once, `buffer` holds everything back. */
  readonly blocked = new Map<TransportName, 'refuse' | 'buffer'>();
  readonly #clock: FakeClock;
  readonly #streams = new Set<Stream>();
  readonly #keys = new Map<string, Sent>();
  #tickets = 0;
  readonly #waitingPolls = new Set<() => void>();

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  environment(browser?: FakeBrowser): Partial<Environment> {
    return {
      clock: this.#clock,
      random: seeded(),
      fetch: this.fetch,
      streams: true,
      WebSocket: (url) => this.#socket(url),
      EventSource: null,
      document: null,
      network: { online: () => true, onChange: () => () => undefined },
      locks: browser?.locks ?? null,
      broadcast: browser === undefined ? null : (name) => browser.broadcast(name),
      origin: 'https://chat.example',
    };
  }

  get connections(): TransportName[] {
    return [...this.#streams].map((stream) => stream.name);
  }

  get polls(): number {
    return this.#waitingPolls.size;
  }

  get position(): number {
    return this.log.length;
  }

  append(stream: string, more: { from?: string; key?: string; text?: string } = {}): FeedEvent {
    const event = message(stream, this.head(stream) + 1, this.position + 1, more);
    this.log.push(event);
    for (const open of this.#streams) this.#flush(open);
    for (const answer of [...this.#waitingPolls]) answer();
    return event;
  }

  head(stream: string): number {
    return this.log.filter((event) => event.stream === stream).length;
  }

  /** Says something to whoever is connected. */
  say(item: Item): void {
    for (const stream of [...this.#streams]) stream.send([item]);
  }

  /** Every connection ends without a word. */
  async drop(): Promise<void> {
    for (const stream of [...this.#streams]) stream.end();
    await settle();
  }

  snapshot(): Snapshot {
    return { ...snapshot(this.position, [conversation('c1', this.head('c1'))]), me: this.person };
  }

  readonly fetch: FetchLike = async (path, init) => {
    const url = new URL(path, 'https://chat.example');
    this.requests.push(`${init.method} ${url.pathname}`);
    this.tokens.push(init.headers['Authorization'] ?? '');
    await Promise.resolve();
    if (this.down) throw new TypeError('connection refused');
    if (!this.signedIn) return refuse(401, 'not_signed_in');
    if (url.pathname === '/v1/feed') return this.#feed(url, init);
    if (url.pathname === '/v1/me') return json(200, this.person);
    if (url.pathname === '/v1/snapshot') return json(200, this.snapshot());
    if (url.pathname === '/v1/tickets') {
      this.#tickets += 1;
      return json(201, { ticket: `ticket-${this.#tickets}`, expires_in_ms: 10_000 });
    }
    if (url.pathname === '/v1/acks') this.acks.push((body(init) as { cursor: string }).cursor);
    const conversationOf = /^\/v1\/conversations\/(\w+)\/messages$/.exec(url.pathname)?.[1];
    if (conversationOf === undefined) return json(204, undefined);
    const { text, files = [] } = body(init) as { text: string; files?: string[] };
    this.files.push(...files);
    const lost = this.loseAnswers ? [...this.#streams] : [];
    // The network that loses the answer loses the echo as well.
    for (const stream of lost) this.#streams.delete(stream);
    const sent = this.#send(conversationOf, init.headers['Idempotency-Key'] ?? '', text);
    for (const stream of lost) stream.end();
    if (this.loseAnswers) throw new TypeError('connection reset');
    return json(201, sent);
  };

  #send(stream: string, key: string, text: string): Sent {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const { seq, cursor, at } = this.append(stream, { from: me.id, key, text });
    const sent = { seq, cursor, at };
    this.#keys.set(key, sent);
    return sent;
  }

  async #feed(url: URL, init: RequestLike): Promise<ResponseLike> {
    const live = url.searchParams.get('live');
    const at = positionOf(url);
    if (live === 'sse' || live === 'ndjson') return this.#stream(live, at, init.signal);
    const name = live === 'long-poll' ? 'long-poll' : 'short-poll';
    if (this.blocked.has(name)) return { ...json(403, '<html>'), text: async () => '<html>' };
    const waitMs = live === null ? 0 : Number(url.searchParams.get('wait') ?? 25) * 1000;
    if (at >= this.position && waitMs > 0) await this.#change(waitMs, init.signal);
    if (at < this.trimmed)
      return json(200, { events: [], cursor: cursorAt(this.position), reset: 'trimmed' });
    const events = this.log.slice(at, at + 100);
    const end = at + events.length;
    return json(200, { events, cursor: cursorAt(end), more: end < this.position });
  }

  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#waitingPolls.delete(done);
        resolve();
      };
      this.#waitingPolls.add(done);
      this.#clock.setTimeout(done, ms);
      signal.addEventListener('abort', () => {
        this.#waitingPolls.delete(done);
        reject(new TypeError('aborted'));
      });
    });
  }

  #stream(name: 'sse' | 'ndjson', at: number, signal: AbortSignal): ResponseLike {
    const how = this.blocked.get(name);
    if (how === 'refuse') return { ...json(502, undefined), text: async () => 'Bad Gateway' };
    const encoder = new TextEncoder();
    let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
    const bodyStream = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
    const write = (text: string) => how === undefined && controller?.enqueue(encoder.encode(text));
    const frame = (item: Item) =>
      name === 'sse' ? `data: ${JSON.stringify(item)}\n\n` : `${JSON.stringify(item)}\n`;
    const stream: Stream = {
      name,
      at,
      send: (items) => void write(items.map(frame).join('')),
      end: () => {
        this.#streams.delete(stream);
        controller?.close();
      },
    };
    signal.addEventListener('abort', () => {
      if (this.#streams.delete(stream) || how !== undefined) controller?.error(new TypeError('aborted'));
    });
    write(name === 'sse' ? 'retry: 2000\n\n' : '\n');
    this.#begin(stream);
    const type = name === 'sse' ? 'text/event-stream' : 'application/x-ndjson';
    return { ...json(200, undefined), body: bodyStream, headers: { get: () => type } };
  }

  #socket(address: string): WebSocketLike {
    const url = new URL(address);
    this.requests.push(`WS ${url.pathname}`);
    let open = true;
    const stream: Stream = {
      name: 'websocket',
      at: positionOf(url),
      send: (items) => items.forEach((item) => open && socket.onmessage?.({ data: JSON.stringify(item) })),
      end: () => {
        open = false;
        this.#streams.delete(stream);
        socket.onclose?.({ code: 1006, reason: '' });
      },
    };
    const socket: WebSocketLike = {
      onopen: null,
      onmessage: null,
      onerror: null,
      onclose: null,
      send: (text) => queueMicrotask(() => open && this.#command(stream, JSON.parse(text) as Command)),
      close: () => {
        open = false;
        this.#streams.delete(stream);
      },
    };
    const how = this.down || !this.signedIn ? 'refuse' : this.blocked.get('websocket');
    queueMicrotask(() => {
      if (!open || how === 'buffer') return;
      if (how === 'refuse') return stream.end();
      socket.onopen?.();
      this.#begin(stream);
    });
    return socket;
  }

  #command(stream: Stream, command: Command): void {
    this.commands.push(command);
    if (command.type === 'ack') this.acks.push(command.cursor);
    if (command.type === 'ping') stream.send([{ type: 'ok', id: command.id, result: {} }]);
    if (command.type !== 'send') return;
    this.files.push(...(command.files ?? []));
    const lost = this.loseAnswers;
    // A connection that is lost brings neither the answer nor the echo.
    if (lost) this.#streams.delete(stream);
    const result = this.#send(command.conversation, command.key ?? '', command.text);
    if (lost) stream.end();
    else stream.send([{ type: 'ok', id: command.id, result }]);
  }

  #begin(stream: Stream): void {
    if (stream.at < this.trimmed) {
      stream.send([{ type: 'reset', reason: 'trimmed', cursor: cursorAt(this.position) }]);
      return;
    }
    this.#streams.add(stream);
    this.#flush(stream);
    stream.send([{ type: 'ready', cursor: cursorAt(this.position), heartbeat_ms }]);
  }

  #flush(stream: Stream): void {
    const events = this.log.slice(stream.at);
    stream.at = this.position;
    if (events.length > 0) stream.send(events);
  }
}

function positionOf(url: URL): number {
  return Number.parseInt(url.searchParams.get('cursor')?.split('.')[1] ?? '0', 16);
}

function body(init: RequestLike): unknown {
  return JSON.parse(init.body ?? 'null') as unknown;
}

function json(status: number, value: unknown): ResponseLike {
  const text = value === undefined ? '' : JSON.stringify(value);
  return { ok: status < 300, status, headers: { get: () => null }, body: null, text: async () => text };
}

function refuse(status: number, code: string): ResponseLike {
  return json(status, { error: { code, message: code, retry: false } });
}

/** The same numbers in every run. */
function seeded(): () => number {
  seed += 1;
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
let seed = 0;
