import type { FeedEvent, FoundMessages, MessageEvent, SearchQuery } from '@encke/sdk';
import { browserClock as clock } from '@encke/ui/plain';
import { amendedConversation } from '../model/amendments';
import { queryOf, wordsOf, withFilter, type SearchFilter } from '../model/search';
import type { Talk } from './talk.svelte';

/** The pause after the last key before the server is asked. */
export const searchPauseMs = 250;
/** Pages without any result that are asked for on end before somebody has to ask for more. */
export const emptyPagesMax = 5;
export const searchPageSize = 30;

/** What a person searches for in the messages, and what was found. It stays while the pane is closed. */
export class Searching {
  found: readonly MessageEvent[] = $state.raw([]);
  /** `little`: what is typed is too little for a search. */
  status: 'little' | 'loading' | 'failed' | 'done' = $state('little');
  /** Why the last page did not come. */
  refused: unknown = $state.raw(null);
  /** Whether the server may have more. */
  more = $state(false);
  /** The words that the results were found by. */
  hits: readonly string[] = $state.raw([]);
  #text = $state('');
  #filters: readonly SearchFilter[] = $state.raw([]);
  #query: SearchQuery | null = null;
  #next: string | null = null;
  /** Messages that were recalled while a page was on its way. */
  readonly #recalled = new Set<string>();
  #turn = 0;
  #callOff: () => void = () => undefined;

  constructor(private readonly talk: Talk) {
    talk.client.on('event', (event) => this.#happened(event));
  }

  get text(): string {
    return this.#text;
  }

  get filters(): readonly SearchFilter[] {
    return this.#filters;
  }

  type(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#start(searchPauseMs);
  }

  /** `text` is what is left to be searched for once the filter has been taken out of it. */
  add(filter: SearchFilter, text = this.#text): void {
    this.#filters = withFilter(this.#filters, filter);
    this.#text = text;
    this.#start(0);
  }

  remove(kind: SearchFilter['kind']): void {
    this.#filters = this.#filters.filter((each) => each.kind !== kind);
    this.#start(0);
  }

  /** Starts over with this. */
  ask(text: string, filters: readonly SearchFilter[]): void {
    this.#text = text;
    this.#filters = filters;
    this.#start(0);
  }

  /** The next page, or the one that did not come. */
  further(): void {
    if (this.status !== 'loading') void this.#fetch(++this.#turn, this.#next);
  }

  async #fetch(turn: number, from: string | null): Promise<void> {
    const query = this.#query;
    if (query === null) return;
    this.status = 'loading';
    this.#recalled.clear();
    let next = from;
    try {
      for (let empty = 0; empty < emptyPagesMax; empty += 1) {
        const behind = next === null ? {} : { next };
        const page = await this.talk.client.api.search({ ...query, ...behind, limit: searchPageSize });
        if (turn !== this.#turn) return;
        this.#take(page, from === null && empty === 0);
        next = page.next;
        if (page.events.length > 0 || next === null) break;
      }
      this.status = 'done';
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.refused = thrown;
      this.status = 'failed';
    }
  }

  /** What was found stays in sight until there is something else. */
  #start(pauseMs: number): void {
    const query = queryOf(this.#text, this.#filters);
    if (query !== null && JSON.stringify(query) === JSON.stringify(this.#query)) return;
    this.#callOff();
    const turn = ++this.#turn;
    this.#query = query;
    this.#next = null;
    if (query === null) {
      this.found = [];
      this.more = false;
      this.status = 'little';
      return;
    }
    this.status = 'loading';
    this.#callOff = clock.after(pauseMs, () => void this.#fetch(turn, null));
  }

  #take(page: FoundMessages, fresh: boolean): void {
    this.talk.learn(page.people);
    const before = fresh ? [] : this.found;
    const known = new Set([...before.map(keyOf), ...this.#recalled]);
    const news = page.events.filter((event): event is MessageEvent => event.kind === 'message');
    this.found = [...before, ...news.filter((event) => !known.has(keyOf(event)))];
    this.hits = wordsOf(this.#text);
    this.#next = page.next;
    this.more = page.next !== null;
    for (const event of news) this.talk.look(event.stream);
  }

  /** A result shows the text that its message has now, and is gone with it. */
  #happened(event: FeedEvent): void {
    const conversation = amendedConversation(event);
    if (
      conversation === null ||
      (event.kind !== 'recalled' && event.kind !== 'edited' && event.kind !== 'whole')
    )
      return;
    const { message } = event.body;
    const isMeant = (each: MessageEvent): boolean => each.stream === conversation && each.seq === message;
    if (event.kind === 'recalled') this.#recalled.add(`${conversation}/${message}`);
    if (!this.found.some(isMeant)) return;
    this.found =
      event.kind === 'recalled'
        ? this.found.filter((each) => !isMeant(each))
        : this.found.map((each) =>
            isMeant(each) ? { ...each, body: { ...each.body, text: event.body.text } } : each,
          );
  }
}

function keyOf(event: MessageEvent): string {
  return `${event.stream}/${event.seq}`;
}

const searches = new WeakMap<Talk, Searching>();

/** The search of a person, which is kept while its pane is closed. */
export function searchingOf(talk: Talk): Searching {
  const known = searches.get(talk) ?? new Searching(talk);
  searches.set(talk, known);
  return known;
}
