import { ApiError, type FeedEvent } from '@encke/sdk';
import { amendedConversation, erased } from '../model/amendments';
import { quotedOf, type Quoted } from '../model/quote';
import type { Hiding } from './hiding.svelte';
import type { Threads } from './threads.svelte';

/** Messages that are kept because others answer them; the one that was asked for first goes first. */
export const quotesKeptMax = 500;

/** The messages that others answer, also those that no loaded thread holds. */
export class Quotes {
  /** By conversation and `seq`; null is one that the server does not give. */
  #fetched: ReadonlyMap<string, FeedEvent | null> = $state.raw(new Map());
  readonly #asked = new Set<string>();

  constructor(
    private readonly threads: Threads,
    private readonly hiding: Hiding,
  ) {}

  /** Undefined while it is not known. */
  get(conversation: string, seq: number): Quoted | undefined {
    if (this.hiding.of(conversation).has(seq)) return quotedOf(null, undefined);
    const event = this.threads.event(conversation, seq) ?? this.#fetched.get(nameOf(conversation, seq));
    if (event === undefined) return undefined;
    return quotedOf(event, this.threads.amended(conversation).get(seq));
  }

  /** Asks the server for one that is not known. */
  async want(conversation: string, seq: number): Promise<void> {
    const name = nameOf(conversation, seq);
    if (this.#asked.has(name) || this.get(conversation, seq) !== undefined) return;
    this.#asked.add(name);
    try {
      const event = await this.threads.one(conversation, seq);
      if (this.#asked.has(name)) this.#put(name, event);
    } catch (thrown) {
      // What could not be asked is asked the next time that it is in sight.
      if (thrown instanceof ApiError && !thrown.retry) this.#put(name, null);
    } finally {
      this.#asked.delete(name);
    }
  }

  /** The content of a message that was recalled is forgotten here, too. */
  happened(event: FeedEvent): void {
    const conversation = event.kind === 'recalled' ? amendedConversation(event) : null;
    if (event.kind !== 'recalled' || conversation === null) return;
    const name = nameOf(conversation, event.body.message);
    const kept = this.#fetched.get(name);
    if (kept) this.#put(name, erased(kept));
  }

  /** After a reset nothing that is held can be trusted. */
  clear(): void {
    this.#asked.clear();
    this.#fetched = new Map();
  }

  #put(name: string, event: FeedEvent | null): void {
    const fetched = new Map(this.#fetched).set(name, event);
    for (const oldest of fetched.keys()) {
      if (fetched.size <= quotesKeptMax) break;
      fetched.delete(oldest);
    }
    this.#fetched = fetched;
  }
}

function nameOf(conversation: string, seq: number): string {
  return `${conversation}/${seq}`;
}
