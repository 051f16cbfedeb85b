import type { FeedEvent, StarredMessage } from '@encke/sdk';
import { amendedConversation, erased } from '../model/amendments';
import { KeptList } from './kept-list.svelte';
import type { Talk } from './talk.svelte';

/** The messages that a person has starred: the marks in threads, and the list of all. */
export class Stars {
  readonly list: KeptList<StarredMessage>;
  /** By conversation, of those that were opened. */
  #marks: ReadonlyMap<string, ReadonlySet<number>> = $state.raw(new Map());

  constructor(private readonly talk: Talk) {
    const { api } = talk.client;
    this.list = new KeptList(async (query) => {
      const { stars, people, next } = await api.stars(query);
      talk.learn(people);
      for (const { conversation } of stars) talk.look(conversation);
      return { entries: stars, next };
    });
  }

  has(conversation: string, seq: number): boolean {
    return this.#marks.get(conversation)?.has(seq) === true;
  }

  /** Fetches the marks of a conversation that is being opened. Without them, none is shown. */
  async want(conversation: string): Promise<void> {
    if (this.#marks.has(conversation)) return;
    const answer = await this.talk.client.api.starsOf(conversation).catch(() => null);
    if (answer !== null) this.#put(conversation, new Set(answer.messages));
  }

  async set(conversation: string, seq: number, on: boolean): Promise<void> {
    await this.talk.attempt(() => this.talk.client.api.star(conversation, seq, on));
  }

  happened(event: FeedEvent): void {
    if (event.kind === 'starred') this.#starred(event.body);
    const conversation = event.kind === 'recalled' ? amendedConversation(event) : null;
    if (event.kind !== 'recalled' || conversation === null) return;
    // The content of a message that was recalled is forgotten here, too.
    this.list.change((stars) =>
      stars.map((star) =>
        star.conversation === conversation && star.message === event.body.message
          ? { ...star, event: erased(star.event) }
          : star,
      ),
    );
  }

  /** After a reset nothing that is held can be trusted. */
  clear(): void {
    this.#marks = new Map();
    this.list.refresh();
  }

  #starred({ conversation, message, on }: { conversation: string; message: number; on: boolean }): void {
    const before = this.#marks.get(conversation);
    if (before !== undefined) {
      const after = new Set(before);
      if (on) after.add(message);
      else after.delete(message);
      this.#put(conversation, after);
    }
    if (on) this.list.refresh();
    else
      this.list.change((stars) =>
        stars.filter((star) => star.conversation !== conversation || star.message !== message),
      );
  }

  #put(conversation: string, marks: ReadonlySet<number>): void {
    this.#marks = new Map(this.#marks).set(conversation, marks);
  }
}
