/*
 * Asks the server for conversations that are not known here: pages of the list, and those that an event or the address names.
 * An answer is read later than the last event that has come, so three things are kept apart while one is on its way: events
 * of unknown conversations (they are applied to the answer), removals (the answer may not know of them yet), and a new
 * snapshot (answers from before it are thrown away).
 */
import { ApiError } from '@encke/sdk';
import type { Api, Conversation, ConversationPage, ConversationQuery, FeedEvent, Person } from '@encke/sdk';
import type { Clock } from '@encke/ui/plain';
import { complete, HeldEvents, isQuiet } from './held';

/** Conversations that are asked for one by one at the same time. */
export const lookupsMax = 4;
/** With more than this many waiting, a page of the latest is asked for: most of them are in it. */
export const waitingForPageMin = 12;
/** The longest pause after a failure; the first is a second, and each doubles. */
export const lookupPauseMsMax = 30_000;

export interface LookupsOptions {
  readonly api: Pick<Api, 'conversation' | 'conversations' | 'threads'>;
  readonly clock: Clock;
  readonly knows: (id: string) => boolean;
  readonly came: (
    conversations: readonly Conversation[],
    people: readonly Person[],
    held: (id: string) => readonly FeedEvent[],
  ) => void;
  /** There is no such conversation for this person. */
  readonly refused: (id: string) => void;
}

export class Lookups {
  #held = new HeldEvents();
  readonly #waiting = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #removed = new Set<string>();
  #onTheWay = 0;
  /** Whether a page is asked for in place of single conversations, or has just been. */
  #paging: 'no' | 'asked' | 'done' = 'no';
  #failures = 0;
  #pause: (() => void) | null = null;
  #generation = 0;

  constructor(private readonly options: LookupsOptions) {}

  /** An event of a conversation that is not known. A mark or an amendment alone is no reason to ask for it. */
  hold(id: string, event: FeedEvent): void {
    if (isQuiet(event)) {
      if (this.#onTheWay > 0 || this.#waiting.has(id)) this.#held.hold(id, event);
      return;
    }
    this.#held.hold(id, event);
    this.want(id);
  }

  want(id: string): void {
    if (this.options.knows(id)) return;
    this.#waiting.add(id);
    this.#pump();
  }

  /** What came of a conversation that another answer brings. */
  taken(id: string): readonly FeedEvent[] {
    const held = this.#held.of(id);
    this.#forget(id);
    return held;
  }

  added(id: string): void {
    this.#forget(id);
    this.#removed.delete(id);
  }

  removed(id: string): void {
    this.#forget(id);
    if (this.#onTheWay > 0) this.#removed.add(id);
  }

  /** A page of the list; null if a snapshot came meanwhile. Throws ApiError. */
  async page(query: ConversationQuery): Promise<ConversationPage | null> {
    const page = await this.#request(() => this.options.api.conversations(query));
    this.#pump();
    return page;
  }

  /**
   * The followed threads with unread answers: a snapshot says only how many there are. A failure is left as it is, because the
   * next answer in one of them brings it.
   */
  async unreadThreads(): Promise<void> {
    const ask = async (): Promise<Answer> => {
      const { threads, people } = await this.options.api.threads({ unread: true });
      return { conversations: threads.map(({ conversation }) => conversation), people };
    };
    await this.#request(ask).catch(() => null);
  }

  /** A snapshot has come, or nobody looks any more. */
  clear(): void {
    this.#generation += 1;
    this.#pause?.();
    this.#pause = null;
    this.#failures = 0;
    this.#onTheWay = 0;
    this.#paging = 'no';
    this.#held = new HeldEvents();
    this.#waiting.clear();
    this.#asked.clear();
    this.#removed.clear();
  }

  #forget(id: string): void {
    this.#waiting.delete(id);
    this.#held.drop(id);
  }

  #pump(): void {
    if (this.#pause !== null || this.#paging === 'asked') return;
    const next = [...this.#waiting].filter((id) => !this.#asked.has(id));
    if (next.length < waitingForPageMin) this.#paging = 'no';
    else if (this.#paging === 'no') return void this.#latest();
    for (const id of next.slice(0, Math.max(0, lookupsMax - this.#asked.size))) void this.#one(id);
  }

  async #latest(): Promise<void> {
    const generation = this.#generation;
    const waited = this.#waiting.size;
    this.#paging = 'asked';
    await this.#attempt(null, () => this.options.api.conversations());
    if (generation !== this.#generation) return;
    // A page that found none of them would find none again.
    this.#paging = this.#waiting.size < waited ? 'no' : 'done';
    this.#pump();
  }

  async #one(id: string): Promise<void> {
    this.#asked.add(id);
    const generation = this.#generation;
    await this.#attempt(id, async () => {
      const { conversation, people } = await this.options.api.conversation(id);
      return { conversations: [conversation], people };
    });
    if (generation !== this.#generation) return;
    this.#asked.delete(id);
    this.#pump();
  }

  async #attempt(id: string | null, ask: () => Promise<Answer>): Promise<void> {
    const generation = this.#generation;
    try {
      await this.#request(ask);
      this.#failures = 0;
    } catch (thrown) {
      if (generation !== this.#generation) return;
      const error = ApiError.from(thrown);
      if (error.retry || id === null) return this.#wait(error);
      this.#forget(id);
      this.options.refused(id);
    }
  }

  #wait(error: ApiError): void {
    this.#failures += 1;
    this.#pause?.();
    const pause = Math.min(lookupPauseMsMax, 1_000 * 2 ** (this.#failures - 1));
    this.#pause = this.options.clock.after(Math.max(pause, error.retryAfterMs ?? 0), () => {
      this.#pause = null;
      this.#pump();
    });
  }

  async #request<A extends Answer>(ask: () => Promise<A>): Promise<A | null> {
    const generation = this.#generation;
    this.#onTheWay += 1;
    try {
      const answer = await ask();
      if (generation !== this.#generation) return null;
      this.#take(answer);
      return answer;
    } finally {
      if (generation === this.#generation) this.#ended();
    }
  }

  /** An answer that leaves something out, because too many events came meanwhile, is asked for again. */
  #take({ conversations, people }: Answer): void {
    const news = conversations.filter(
      (each) => !this.#removed.has(each.id) && complete(each, this.#held.of(each.id)),
    );
    this.options.came(news, people, (id) => this.#held.of(id));
    for (const { id } of news) this.#forget(id);
  }

  #ended(): void {
    this.#onTheWay -= 1;
    if (this.#onTheWay > 0) return;
    this.#removed.clear();
    this.#held.keepOnly(this.#waiting);
  }
}

interface Answer {
  readonly conversations: readonly Conversation[];
  readonly people: readonly Person[];
}
