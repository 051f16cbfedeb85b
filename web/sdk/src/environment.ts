/**
 * Everything that the SDK asks of the outside: time, chance, network, page. Tests own all of it; nothing else in
 * this package touches a global.
 */

export type Timer = unknown;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(run: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** The part of `Storage` that is used; `localStorage` is one. */
export interface KeyValueStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The part of `Response` that is used. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
  text(): Promise<string>;
}

export interface RequestLike {
  method: string;
  headers: Record<string, string>;
  body?: string;
  credentials: 'include' | 'omit';
  cache: 'no-store';
  signal: AbortSignal;
  /** The request goes on when the page is left. */
  keepalive?: boolean;
}

export type FetchLike = (url: string, init: RequestLike) => Promise<ResponseLike>;

/** The part of `WebSocket` that is used. */
export interface WebSocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onerror: (() => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The part of `EventSource` that is used. */
export interface EventSourceLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onerror: (() => void) | null;
  close(): void;
}

export interface Frame {
  /** A posted message from this frame has this as its source. */
  readonly source: unknown;
  remove(): void;
}

/** The parts of a page that the SDK uses: a hidden frame, its two ways to call back, and whether anybody looks. */
export interface PageDocument {
  /** `ended` is called when the frame's document is complete, which for a forever frame is its end. */
  openFrame(url: string, ended: () => void): Frame;
  /** Makes a global function; answers how to remove it. */
  expose(name: string, call: (item: unknown) => void): () => void;
  onMessage(handler: (message: { origin: string; source: unknown; data: unknown }) => void): () => void;
  /** `shown` when the page becomes visible, `left` when it goes away for good. */
  onLife(handler: (what: 'shown' | 'left') => void): () => void;
}

/** `navigator.onLine` and its two events. */
export interface Network {
  online(): boolean;
  onChange(handler: (online: boolean) => void): () => void;
}

/** The part of `navigator.locks` that is used. */
export interface Locks {
  /** Calls `held` once the lock is ours; it is given back when the promise settles or the page goes away. */
  request(name: string, signal: AbortSignal, held: () => Promise<void>): void;
}

/** One `BroadcastChannel`. What is posted reaches every other tab's, never its own. */
export interface Broadcast {
  post(message: unknown): void;
  onMessage(handler: (message: unknown) => void): void;
  close(): void;
}

export interface Environment {
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  fetch: FetchLike;
  /** Whether `fetch` gives bodies piece by piece. */
  streams: boolean;
  WebSocket: ((url: string) => WebSocketLike) | null;
  /** `withCredentials`: the cookie speaks, also to another origin. */
  EventSource: ((url: string, withCredentials: boolean) => EventSourceLike) | null;
  document: PageDocument | null;
  network: Network;
  locks: Locks | null;
  broadcast: ((name: string) => Broadcast) | null;
  /** This page's origin, `https://example.org`. */
  origin: string;
}

/** The browser, or as much of it as there is. */
export function browserEnvironment(): Environment {
  return {
    clock: {
      now: () => Date.now(),
      setTimeout: (run, ms) => setTimeout(run, ms),
      clearTimeout: (timer) => clearTimeout(timer as number),
    },
    random: () => Math.random(),
    fetch: (url, init) => fetch(url, init),
    streams:
      typeof ReadableStream !== 'undefined' &&
      typeof Response !== 'undefined' &&
      'body' in Response.prototype,
    WebSocket: typeof WebSocket === 'undefined' ? null : (url) => new WebSocket(url) as WebSocketLike,
    EventSource:
      typeof EventSource === 'undefined'
        ? null
        : (url, withCredentials) => new EventSource(url, { withCredentials }) as EventSourceLike,
    document: typeof document === 'undefined' ? null : browserDocument(),
    network: browserNetwork(),
    locks: typeof navigator === 'undefined' || !('locks' in navigator) ? null : browserLocks(),
    broadcast: typeof BroadcastChannel === 'undefined' ? null : browserBroadcast,
    origin: typeof location === 'undefined' ? '' : location.origin,
  };
}

/** `localStorage`, or a memory of one page where it is forbidden (reading it may throw). */
export function browserStorage(): KeyValueStorage {
  try {
    const storage = globalThis.localStorage;
    storage.getItem('encke');
    return storage;
  } catch {
    return memoryStorage();
  }
}

export function memoryStorage(): KeyValueStorage {
  const values = new Map<string, string>();
  return {
    get length() {
      return values.size;
    },
    key: (index) => [...values.keys()][index] ?? null,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

function listen<E extends Event>(target: EventTarget, name: string, handler: (event: E) => void): () => void {
  const listener = (event: Event) => handler(event as E);
  target.addEventListener(name, listener);
  return () => target.removeEventListener(name, listener);
}

function browserDocument(): PageDocument {
  return {
    openFrame(url, ended) {
      const frame = document.createElement('iframe');
      frame.hidden = true;
      frame.style.display = 'none';
      frame.setAttribute('aria-hidden', 'true');
      frame.addEventListener('load', ended);
      frame.src = url;
      document.body.appendChild(frame);
      return {
        // Read at each use: a frame has no window until it is in the page.
        get source() {
          return frame.contentWindow;
        },
        remove: () => {
          frame.removeEventListener('load', ended);
          frame.remove();
        },
      };
    },
    expose(name, call) {
      const globals = globalThis as unknown as Record<string, unknown>;
      globals[name] = call;
      return () => void delete globals[name];
    },
    onMessage: (handler) =>
      listen<globalThis.MessageEvent<unknown>>(window, 'message', (event) =>
        handler({ origin: event.origin, source: event.source, data: event.data }),
      ),
    onLife(handler) {
      const undo = [
        listen(
          document,
          'visibilitychange',
          () => document.visibilityState === 'visible' && handler('shown'),
        ),
        listen(window, 'pagehide', () => handler('left')),
        // A page out of the back-forward cache has missed everything since; it goes on from its cursor.
        listen<PageTransitionEvent>(window, 'pageshow', (event) => event.persisted && handler('shown')),
      ];
      return () => undo.forEach((stop) => stop());
    },
  };
}

function browserNetwork(): Network {
  return {
    online: () => typeof navigator === 'undefined' || navigator.onLine !== false,
    onChange(handler) {
      if (typeof window === 'undefined') return () => undefined;
      const undo = [
        listen(window, 'online', () => handler(true)),
        listen(window, 'offline', () => handler(false)),
      ];
      return () => undo.forEach((stop) => stop());
    },
  };
}

function browserLocks(): Locks {
  return {
    request(name, signal, held) {
      navigator.locks.request(name, { signal }, held).catch(() => {
        // When the signal ends the wait, that is what was asked for. Otherwise the browser gives no locks here, as to a page
        // framed by another site: then nobody else gets this one either.
        if (!signal.aborted) void held();
      });
    },
  };
}

function browserBroadcast(name: string): Broadcast {
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => channel.postMessage(message),
    onMessage: (handler) => void (channel.onmessage = (event) => handler(event.data)),
    close: () => channel.close(),
  };
}
