/** The part of a browser that tabs share: locks, broadcasts, storage. */
import { memoryStorage, type Broadcast, type Locks } from '../../src/environment.js';

interface Request {
  held: () => Promise<void>;
  signal: AbortSignal;
}

export class FakeBrowser {
  readonly storage = memoryStorage();
  readonly #channels = new Map<string, Set<Tab>>();
  readonly #queues = new Map<string, Request[]>();

  broadcast(name: string): Broadcast {
    const tabs = this.#channels.get(name) ?? new Set<Tab>();
    this.#channels.set(name, tabs);
    const tab: Tab = { hear: null };
    tabs.add(tab);
    return {
      post: (message) => {
        // As the browser does it: a copy, and in a later turn.
        const copy = structuredClone(message);
        for (const other of tabs) if (other !== tab) queueMicrotask(() => other.hear?.(copy));
      },
      onMessage: (handler) => void (tab.hear = handler),
      close: () => void tabs.delete(tab),
    };
  }

  get locks(): Locks {
    return {
      request: (name, signal, held) => {
        const queue = this.#queues.get(name) ?? [];
        this.#queues.set(name, queue);
        queue.push({ held, signal });
        if (queue.length === 1) queueMicrotask(() => this.#grant(name));
      },
    };
  }

  #grant(name: string): void {
    const queue = this.#queues.get(name) ?? [];
    const first = queue[0];
    if (first === undefined) return;
    const next = () => {
      queue.shift();
      this.#grant(name);
    };
    if (first.signal.aborted) next();
    else void first.held().then(next);
  }
}

interface Tab {
  hear: ((message: unknown) => void) | null;
}
