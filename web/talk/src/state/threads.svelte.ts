import type { Amended, Api, EventBodies, FeedEvent, HistoryPage, HistoryQuery, Person } from '@encke/sdk';
import {
  amendedConversation,
  isAmending,
  isTooOld,
  noAmendments,
  withAmended,
  withAmendment,
  withoutRecalled,
  type AmendedAnswer,
  type Amendments,
} from '../model/amendments';
import { grownBy, growingConversation, isGrowth, withGrown, type GrowthEvent } from '../model/growth';
import { copiedEventsMax, type CopiedThread } from '../model/offline-copy';
import { eventAt } from '../model/quote';
import {
  bounded,
  emptyThread,
  gapAfter,
  historyPageSize,
  joined,
  shortened,
  stretchOf,
  withEarlierPage,
  withEvents,
  withLaterPage,
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
  /** Stretches further back that are shown in the place of the newest, by conversation. */
  #away: ReadonlyMap<string, Thread> = $state.raw(new Map());
  #amendments: ReadonlyMap<string, Amendments> = $state.raw(new Map());
  #loading: ReadonlyMap<string, Loading> = $state.raw(new Map());
  /** Raised when everything is dropped, so that an answer to an older question is not taken. */
  #generation = 0;

  constructor(
    private readonly api: Api,
    private readonly headOf: (id: string) => number,
    private readonly learnt: (persons: Person[]) => void,
    private readonly hidden: (id: string, seqs: readonly number[] | undefined) => void,
    private readonly me: string,
  ) {}

  get(id: string): Thread {
    return this.#away.get(id) ?? this.#threads.get(id) ?? emptyThread;
  }

  /** What amendments have made of a conversation's messages, by their `seq`. */
  amended(id: string): ReadonlyMap<number, Amended> {
    return (this.#amendments.get(id) ?? noAmendments).messages;
  }

  /** An event that is loaded. */
  event(id: string, seq: number): FeedEvent | undefined {
    return eventAt(this.get(id).events, seq) ?? eventAt(this.#threads.get(id)?.events ?? [], seq);
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

  /** An amendment of the feed; only threads that are open or kept take it. */
  amend(event: FeedEvent): void {
    if (isGrowth(event)) return this.#grow(event);
    if (event.kind === 'voted') return this.#voted(event.body);
    const id = amendedConversation(event);
    if (id === null || !isAmending(event) || !this.#threads.has(id)) return;
    const amendments = withAmendment(this.#amendments.get(id) ?? noAmendments, event, this.me);
    this.#putAmendments(id, amendments);
    if (event.kind !== 'recalled') return;
    const thread = this.get(id);
    this.#put(id, { ...thread, events: withoutRecalled(amendments, thread.events) });
  }

  /** Opens a thread with its newest page, large enough to hold what is unread. */
  async open(id: string, unread: number): Promise<void> {
    const kept = this.#threads.get(id);
    this.#put(id, kept ?? emptyThread);
    if (kept?.loaded === true) return this.#mend(id);
    const limit = Math.min(historyPageMax, Math.max(historyPageSize, unread + 20));
    await this.#fetch(id, async () => {
      const page = await this.#page(id, { limit });
      return () => this.#put(id, withNewestPage(this.#threads.get(id) ?? emptyThread, page));
    });
    await this.#mend(id);
  }

  async earlier(id: string): Promise<void> {
    const thread = this.get(id);
    const first = thread.events[0]?.seq;
    if (!thread.loaded || !thread.earlier || first === undefined) return;
    await this.#fetch(id, async () => {
      const page = await this.#page(id, { before: first, limit: historyPageSize });
      return () => this.#grewEarlier(id, bounded(withEarlierPage(this.get(id), page), 'earlier'));
    });
    await this.#mend(id);
  }

  /** What comes after a stretch; nothing for a thread that ends at the newest. */
  async later(id: string): Promise<void> {
    const stretch = this.#away.get(id);
    const last = stretch?.events.at(-1)?.seq;
    if (last === undefined) return;
    await this.#fetch(id, async () => {
      const page = await this.#page(id, { after: last, limit: historyPageSize });
      return () => {
        const away = this.#away.get(id);
        if (away !== undefined) this.#show(id, bounded(withLaterPage(away, page), 'later'));
      };
    });
    await this.#mend(id);
  }

  /** Loads the part of a conversation around an event, unless it is there. Answers whether it is now. */
  async around(id: string, seq: number): Promise<boolean> {
    const holds = (): boolean =>
      this.get(id).loaded && this.get(id).events.some((event) => event.seq === seq);
    if (holds()) return true;
    if (this.#threads.get(id)?.events.some((event) => event.seq === seq) === true) {
      this.newest(id);
      return holds();
    }
    await this.#fetch(id, async () => {
      const page = await this.#page(id, { before: seq + historyPageSize / 2, limit: historyPageSize });
      return () => this.#show(id, stretchOf(page));
    });
    return holds();
  }

  /** The `seq` of the first event of a conversation at or after a time; its last one if there is none. */
  async at(id: string, at: number): Promise<number> {
    const head = this.headOf(id);
    // Seldom needed, so it is no part of the first load.
    const { firstAt } = await import('../model/dates');
    return firstAt(at, head, async (seq) => {
      const page = await this.api.history(id, { after: seq - 1, limit: 1 });
      return page.events[0]?.at ?? Infinity;
    });
  }

  /** One message that is not loaded. Throws ApiError. */
  async one(id: string, seq: number): Promise<FeedEvent> {
    const generation = this.#generation;
    const answer = await this.api.message(id, seq);
    const events = this.#learn(id, { ...answer, events: [answer.event] }, generation);
    return events[0] ?? answer.event;
  }

  /** This person has voted, perhaps on another device: what it has chosen comes with the message alone. */
  #voted({ conversation, message }: EventBodies['voted']): void {
    if (this.event(conversation, message) === undefined) return;
    this.one(conversation, message).catch(() => undefined);
  }

  /** A message that is loaded has grown. What is missing comes with the message. */
  #grow(event: GrowthEvent): void {
    const id = growingConversation(event) ?? '';
    const message = this.event(id, event.body.message);
    if (message?.kind !== 'message') return;
    const known = this.#amendments.get(id) ?? noAmendments;
    const grown = grownBy(known.messages.get(message.seq), message.body.text, event);
    if (grown !== null) this.#putAmendments(id, withGrown(known, grown));
    else this.one(id, message.seq).catch(() => undefined);
  }

  /** Shows the end of a conversation again. */
  newest(id: string): void {
    if (!this.#away.has(id)) return;
    const away = new Map(this.#away);
    away.delete(id);
    this.#away = away;
  }

  left(id: string): void {
    this.newest(id);
    const thread = this.#threads.get(id);
    if (thread !== undefined) this.#put(id, shortened(thread));
  }

  /** After a reset nothing that is held can be trusted. */
  clear(): void {
    this.#generation += 1;
    this.#threads = new Map();
    this.#away = new Map();
    this.#amendments = new Map();
    this.#loading = new Map();
  }

  /** The newest events of each thread that is loaded, for the offline copy. The one touched last comes last. */
  copied(): CopiedThread[] {
    return [...this.#threads]
      .filter(([, thread]) => thread.loaded)
      .map(([id, thread]) => {
        const events = thread.events.slice(-copiedEventsMax);
        const amended = [...this.amended(id).values()].filter(({ message }) =>
          events.some(({ seq }) => seq === message),
        );
        return { id, events, amended };
      });
  }

  /** Shows an offline copy, until a snapshot comes. */
  show(copies: readonly CopiedThread[]): void {
    for (const { id, events, amended } of copies) {
      this.#put(id, { ...emptyThread, events, loaded: true });
      this.#putAmendments(id, {
        ...noAmendments,
        messages: new Map(amended.map((each) => [each.message, each])),
      });
    }
  }

  drop(id: string): void {
    this.newest(id);
    const threads = new Map(this.#threads);
    threads.delete(id);
    this.#threads = threads;
    this.#forgetAmendments();
  }

  /** The run that is shown, grown at its beginning. One that is cut at its end becomes a stretch. */
  #grewEarlier(id: string, thread: Thread): void {
    if (!thread.later) return this.#put(id, thread);
    const newest = this.#threads.get(id) ?? emptyThread;
    this.#put(id, shortened(newest));
    this.#away = new Map(this.#away).set(id, thread);
  }

  /** Shows a stretch, or the newest if there is nothing missing between the two. */
  #show(id: string, stretch: Thread): void {
    const newest = this.#threads.get(id) ?? emptyThread;
    const whole = joined(newest, stretch);
    if (whole === null) {
      this.#away = new Map(this.#away).set(id, stretch);
      return;
    }
    this.newest(id);
    this.#put(id, bounded({ ...whole, loaded: true }, 'later'));
  }

  /** Fetches what is missing inside or below the run; each page closes a part of the hole, so it ends. */
  async #mend(id: string): Promise<void> {
    const run = (): Thread => this.#threads.get(id) ?? emptyThread;
    if (!run().loaded || this.loading(id) === 'loading') return;
    for (let after = gapAfter(run(), this.headOf(id)); after !== null;) {
      const from = after;
      const went = await this.#fetch(id, async () => {
        const page = await this.#page(id, { after: from, limit: historyPageMax });
        return () => this.#put(id, withEvents(run(), page.events));
      });
      after = gapAfter(run(), this.headOf(id));
      if (!went || after === from) return;
    }
  }

  /** The page names its authors, because they may have left since. */
  async #page(id: string, query: HistoryQuery): Promise<HistoryPage> {
    const generation = this.#generation;
    const page = await this.api.history(id, query);
    if (generation === this.#generation) this.hidden(id, page.hidden);
    return { ...page, events: this.#learn(id, page, generation) };
  }

  /** Takes what an answer tells of amendments and people. Answers its events, without those that were recalled since. */
  #learn(id: string, page: AmendedAnswer & { people: Person[] }, generation: number): FeedEvent[] {
    this.learnt(page.people);
    const known = this.#amendments.get(id) ?? noAmendments;
    if (isTooOld(known, page)) throw new Error('The page is older than what the feed has brought.');
    const isWanted = generation === this.#generation && this.#threads.has(id);
    if (isWanted) this.#putAmendments(id, withAmended(known, page, this.me));
    return [...withoutRecalled(known, page.events)];
  }

  async #fetch(id: string, ask: () => Promise<() => void>): Promise<boolean> {
    if (this.loading(id) === 'loading') return false;
    const generation = this.#generation;
    this.#setLoading(id, 'loading');
    try {
      const change = await ask();
      if (generation !== this.#generation) return false;
      if (this.#threads.has(id)) change();
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
    this.#forgetAmendments();
  }

  #putAmendments(id: string, amendments: Amendments): void {
    this.#amendments = new Map(this.#amendments).set(id, amendments);
  }

  /** Keeps the amendments of the threads that are kept. */
  #forgetAmendments(): void {
    const kept = [...this.#amendments].filter(([id]) => this.#threads.has(id));
    if (kept.length < this.#amendments.size) this.#amendments = new Map(kept);
  }

  #setLoading(id: string, loading: Loading): void {
    this.#loading = new Map(this.#loading).set(id, loading);
  }
}
