/* The loaded histories of the conversations that are shown, and the fetching of what is missing. */
import type { Amended, FeedEvent, HistoryPage, HistoryQuery, Person } from '@encke/sdk';
import {
  amendedConversation,
  emptyThread,
  gapAfter,
  historyPageSize,
  isAmending,
  isTooOld,
  noAmendments,
  shortened,
  withAmended,
  withAmendment,
  withEarlierPage,
  withEvents,
  withNewestPage,
  withoutRecalled,
  type Amendments,
  type Thread,
} from '@encke/talk/plain';

/** Events of a conversation that are kept while it is shown; still earlier ones are not loaded. */
export const eventsMax = 2_000;
/** The server's limit on a page of history. */
const pageMax = 200;

export type Loading = 'idle' | 'loading' | 'failed';

export interface HistoriesParts {
  page(id: string, query: HistoryQuery): Promise<HistoryPage>;
  headOf(id: string): number;
  learn(people: readonly Person[]): void;
  me(): string;
  changed(): void;
}

interface History {
  thread: Thread;
  amendments: Amendments;
  loading: Loading;
  hidden: ReadonlySet<number>;
}

export class Histories {
  readonly #parts: HistoriesParts;
  readonly #histories = new Map<string, History>();

  constructor(parts: HistoriesParts) {
    this.#parts = parts;
  }

  thread(id: string): Thread {
    return this.#histories.get(id)?.thread ?? emptyThread;
  }

  amended(id: string): ReadonlyMap<number, Amended> {
    return (this.#histories.get(id)?.amendments ?? noAmendments).messages;
  }

  hidden(id: string): ReadonlySet<number> {
    return this.#histories.get(id)?.hidden ?? new Set();
  }

  loading(id: string): Loading {
    return this.#histories.get(id)?.loading ?? 'idle';
  }

  /** Loads the newest page, large enough to hold what is unread. */
  async open(id: string, unread: number): Promise<void> {
    const known = this.#histories.get(id);
    if (known?.thread.loaded === true) return this.#mend(id);
    this.#histories.set(
      id,
      known ?? { thread: emptyThread, amendments: noAmendments, loading: 'idle', hidden: new Set() },
    );
    const limit = Math.min(pageMax, Math.max(historyPageSize, unread + 20));
    await this.#fetch(id, { limit }, (history, page) => withNewestPage(history.thread, page));
    await this.#mend(id);
  }

  /** Whether earlier ones can be loaded. */
  goesOn(id: string): boolean {
    const { earlier, events } = this.thread(id);
    return earlier && events.length < eventsMax;
  }

  async earlier(id: string): Promise<void> {
    const first = this.thread(id).events[0]?.seq;
    if (first === undefined || !this.goesOn(id)) return;
    await this.#fetch(id, { before: first, limit: historyPageSize }, (history, page) =>
      withEarlierPage(history.thread, page),
    );
    await this.#mend(id);
  }

  /** An event of the feed. */
  add(event: FeedEvent): void {
    const history = this.#histories.get(event.stream);
    if (history === undefined) return;
    const thread = withEvents(history.thread, [event]);
    history.thread = thread.events.length > eventsMax ? shortened(thread) : thread;
    void this.#mend(event.stream);
  }

  /** An amendment of the feed, or that this person has hidden something. */
  amend(event: FeedEvent): void {
    if (event.kind === 'hidden') return this.#hide(event.body);
    const history = this.#histories.get(amendedConversation(event) ?? '');
    if (history === undefined || !isAmending(event)) return;
    history.amendments = withAmendment(history.amendments, event, this.#parts.me());
    if (event.kind !== 'recalled') return;
    const { thread } = history;
    history.thread = { ...thread, events: withoutRecalled(history.amendments, thread.events) };
  }

  drop(id: string): void {
    this.#histories.delete(id);
  }

  /** After a reset nothing that is held can be trusted. */
  clear(): void {
    this.#histories.clear();
  }

  #hide({ conversation, message, on }: { conversation: string; message: number; on: boolean }): void {
    const history = this.#histories.get(conversation);
    if (history === undefined) return;
    const hidden = new Set(history.hidden);
    if (on) hidden.add(message);
    else hidden.delete(message);
    history.hidden = hidden;
  }

  /** Fetches what is missing inside or below; each page closes a part of the hole, so it ends. */
  async #mend(id: string): Promise<void> {
    const run = () => this.thread(id);
    if (!run().loaded || this.loading(id) === 'loading') return;
    for (let after = gapAfter(run(), this.#parts.headOf(id)); after !== null;) {
      const from = after;
      const went = await this.#fetch(id, { after: from, limit: pageMax }, ({ thread }, { events }) =>
        withEvents(thread, events),
      );
      after = gapAfter(run(), this.#parts.headOf(id));
      if (!went || after === from) return;
    }
  }

  async #fetch(
    id: string,
    query: HistoryQuery,
    taken: (history: History, page: HistoryPage) => Thread,
  ): Promise<boolean> {
    const history = this.#histories.get(id);
    if (history === undefined || history.loading === 'loading') return false;
    history.loading = 'loading';
    try {
      const page = await this.#parts.page(id, query);
      if (this.#histories.get(id) !== history) return false;
      if (isTooOld(history.amendments, page))
        throw new Error('The page is older than what the feed has brought.');
      const events = [...withoutRecalled(history.amendments, page.events)];
      this.#parts.learn(page.people);
      history.thread = taken(history, { ...page, events });
      history.amendments = withAmended(history.amendments, page, this.#parts.me());
      history.hidden = new Set([...history.hidden, ...(page.hidden ?? [])]);
      history.loading = 'idle';
      return true;
    } catch {
      history.loading = 'failed';
      return false;
    } finally {
      this.#parts.changed();
    }
  }
}
