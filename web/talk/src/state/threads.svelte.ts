import type { Api, FeedEvent, HistoryPage, HistoryQuery, Person } from '@encke/sdk';
import {
  emptyThread,
  gapAfter,
  historyPageSize,
  shortened,
  withEarlierPage,
  withEvents,
  withNewestPage,
  type Thread,
} from '../model/thread';

/** Threads kept in memory; the one that was left longest ago goes first. */
export const threadsMax = 12;
/** The server's limit on a page of history. */
export const historyPageMax = 200;

export type Loading = 'idle' | 'loading' | 'failed';

/** The loaded histories, and the fetching of what is missing. */
export class Threads {
  #threads: ReadonlyMap<string, Thread> = $state.raw(new Map());
  #loading: ReadonlyMap<string, Loading> = $state.raw(new Map());
  /** Raised when everything is dropped, so that an answer to an older question is not taken. */
  #generation = 0;

  constructor(
    private readonly api: Api,
    private readonly headOf: (id: string) => number,
    private readonly learnt: (persons: Person[]) => void,
  ) {}

  get(id: string): Thread {
    return this.#threads.get(id) ?? emptyThread;
  }

  loading(id: string): Loading {
    return this.#loading.get(id) ?? 'idle';
  }

  /** An event of the feed; only threads that are open or kept take it. */
  add(event: FeedEvent): void {
    const thread = this.#threads.get(event.stream);
    if (thread === undefined) return;
    this.#put(event.stream, withEvents(thread, [event]));
    void this.#mend(event.stream);
  }

  /** Opens a thread with its newest page, large enough to hold what is unread. */
  async open(id: string, unread: number): Promise<void> {
    const kept = this.#threads.get(id);
    this.#put(id, kept ?? emptyThread);
    if (kept?.loaded === true) return this.#mend(id);
    const limit = Math.min(historyPageMax, Math.max(historyPageSize, unread + 20));
    await this.#fetch(id, async () => {
      const page = await this.#page(id, { limit });
      return (thread) => withNewestPage(thread, page);
    });
    await this.#mend(id);
  }

  async earlier(id: string): Promise<void> {
    const thread = this.get(id);
    const first = thread.events[0]?.seq;
    if (!thread.loaded || !thread.earlier || first === undefined) return;
    await this.#fetch(id, async () => {
      const page = await this.#page(id, { before: first, limit: historyPageSize });
      return (now) => withEarlierPage(now, page);
    });
    await this.#mend(id);
  }

  left(id: string): void {
    const thread = this.#threads.get(id);
    if (thread !== undefined) this.#put(id, shortened(thread));
  }

  /** After a reset nothing that is held can be trusted. */
  clear(): void {
    this.#generation += 1;
    this.#threads = new Map();
    this.#loading = new Map();
  }

  drop(id: string): void {
    const threads = new Map(this.#threads);
    threads.delete(id);
    this.#threads = threads;
  }

  /** Fetches what is missing inside or below the run; each page closes a part of the hole, so it ends. */
  async #mend(id: string): Promise<void> {
    if (!this.get(id).loaded || this.loading(id) === 'loading') return;
    for (let after = gapAfter(this.get(id), this.headOf(id)); after !== null;) {
      const from = after;
      const went = await this.#fetch(id, async () => {
        const page = await this.#page(id, { after: from, limit: historyPageMax });
        return (thread) => withEvents(thread, page.events);
      });
      after = gapAfter(this.get(id), this.headOf(id));
      if (!went || after === from) return;
    }
  }

  /** The page names its authors, because they may have left since. */
  async #page(id: string, query: HistoryQuery): Promise<HistoryPage> {
    const page = await this.api.history(id, query);
    this.learnt(page.people);
    return page;
  }

  async #fetch(id: string, ask: () => Promise<(thread: Thread) => Thread>): Promise<boolean> {
    if (this.loading(id) === 'loading') return false;
    const generation = this.#generation;
    this.#setLoading(id, 'loading');
    try {
      const change = await ask();
      if (generation !== this.#generation) return false;
      const thread = this.#threads.get(id);
      if (thread !== undefined) this.#put(id, change(thread));
      this.#setLoading(id, 'idle');
      return true;
    } catch {
      if (generation === this.#generation) this.#setLoading(id, 'failed');
      return false;
    }
  }

  #put(id: string, thread: Thread): void {
    const threads = new Map(this.#threads);
    // Re-inserted at the end: a Map keeps the order, so the first is the one longest untouched.
    threads.delete(id);
    threads.set(id, thread);
    for (const oldest of threads.keys()) {
      if (threads.size <= threadsMax) break;
      threads.delete(oldest);
    }
    this.#threads = threads;
  }

  #setLoading(id: string, loading: Loading): void {
    this.#loading = new Map(this.#loading).set(id, loading);
  }
}
