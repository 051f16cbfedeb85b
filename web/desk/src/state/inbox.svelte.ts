import type { DeskApi, DeskTicket, TicketList as Page, TicketQuery } from '@encke/sdk/desk';
import type { Person } from '@encke/sdk';
import {
  emptyList,
  listOf,
  pageSize,
  withFirstPage,
  withNextPage,
  withTicket,
  type Shown,
  type TicketList,
} from '../model/ticket-list';

/** Tickets that change together are asked for together, and on a busy desk not more often than this. */
const refreshAfterMs = 200;
const refreshPauseMs = 1_500;

export interface InboxOptions {
  readonly api: DeskApi;
  readonly desk: string;
  readonly me: string;
  readonly learnt: (people: readonly Person[]) => void;
}

/** The list of a desk's tickets: one view at a time, moved by what is told of the tickets. */
export class Inbox {
  shown: Shown = $state.raw({ view: 'mine', state: 'open' });
  list: TicketList = $state.raw(emptyList);
  loading: 'first' | 'more' | 'no' | 'failed' = $state('first');

  /** Raised by what makes an answer on its way one to another question. */
  #generation = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Whether something changed since the last question. */
  #again = false;
  #stopped = false;
  #loadedAt = -refreshPauseMs;
  /** Lists that were shown before, so that a tab shows something at once. */
  readonly #kept = new Map<string, TicketList>();

  constructor(private readonly options: InboxOptions) {}

  /** Loads the list; of somebody who has no tickets, those that wait for anybody. */
  async begin(): Promise<void> {
    await this.#load();
    if (this.list.counts.mine === 0 && this.shown.view === 'mine') this.show({ view: 'unassigned' });
  }

  show(change: Partial<Shown>): void {
    const shown = { ...this.shown, ...change };
    if (keyOf(shown) === keyOf(this.shown)) return;
    this.#kept.set(keyOf(this.shown), this.list);
    this.shown = shown;
    const kept = this.#kept.get(keyOf(shown));
    this.list = kept ?? { ...emptyList, counts: this.list.counts };
    this.loading = kept === undefined ? 'first' : 'no';
    this.#generation += 1;
    void this.#load();
  }

  /** A ticket as it is now. */
  happened(ticket: DeskTicket): void {
    this.list = withTicket(this.list, ticket, this.shown, this.options.me);
    this.refresh();
  }

  /** Asks for the first page, soon. */
  refresh(): void {
    const pause = Math.max(refreshAfterMs, this.#loadedAt + refreshPauseMs - performance.now());
    this.#timer ??= setTimeout(() => {
      // What comes while an answer is on its way is asked for after it.
      void this.#load().finally(() => {
        this.#timer = null;
        if (this.#again && !this.#stopped) this.refresh();
      });
      this.#again = false;
    }, pause);
    this.#again = true;
  }

  /** Forgets what lists have shown before, and asks anew. */
  forget(): void {
    this.#kept.clear();
    this.refresh();
  }

  async more(): Promise<void> {
    const { before } = this.list;
    if (before === null || this.loading !== 'no') return;
    this.loading = 'more';
    const page = await this.#ask({ ...this.shown, before, limit: pageSize });
    if (page !== null) this.list = withNextPage(this.list, page);
  }

  stop(): void {
    this.#generation += 1;
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #load(): Promise<void> {
    this.#loadedAt = performance.now();
    const page = await this.#ask({ ...this.shown, limit: pageSize });
    if (page === null) return;
    const isFirst = this.list.rows.length === 0;
    this.list = isFirst ? listOf(page) : withFirstPage(this.list, page, this.shown, this.options.me);
  }

  /** Null if it failed, or if something else is shown by now. */
  async #ask(query: TicketQuery): Promise<Page | null> {
    const generation = this.#generation;
    try {
      const page = await this.options.api.tickets(this.options.desk, query);
      if (generation !== this.#generation) return null;
      this.options.learnt([...page.people, ...page.tickets.map(({ visitor }) => visitor)]);
      this.loading = 'no';
      return page;
    } catch {
      if (generation === this.#generation) this.loading = 'failed';
      return null;
    }
  }
}

const keyOf = ({ view, state }: Shown): string => `${view}:${state}`;
