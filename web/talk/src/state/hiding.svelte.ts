import type { Conversation, FeedEvent } from '@encke/sdk';
import {
  afterEvent,
  hiddenIn,
  nothingHidden,
  withConversations,
  withHidden,
  type Hidden,
} from '../model/hidden';
import type { CopiedThread, OfflineCopy } from '../model/offline-copy';

/** What this person has hidden from itself, for the views. */
export class Hiding {
  #hidden: Hidden = $state.raw(nothingHidden);
  /** Shows the message again that was hidden a moment ago. */
  undo: (() => void) | null = null;

  /** The `seq` of the hidden events of a conversation. */
  of(conversation: string): ReadonlySet<number> {
    return hiddenIn(this.#hidden, conversation);
  }

  learn(conversation: string, told: readonly number[] | undefined): void {
    this.#hidden = withHidden(this.#hidden, conversation, told);
  }

  came(conversations: readonly Conversation[]): void {
    this.#hidden = withConversations(this.#hidden, conversations);
  }

  happened(event: FeedEvent): void {
    this.#hidden = afterEvent(this.#hidden, event);
  }

  /** Threads for the offline copy, with what is hidden in them. */
  copied(threads: readonly CopiedThread[]): CopiedThread[] {
    return threads.map((thread) => ({ ...thread, hidden: [...this.of(thread.id)] }));
  }

  /** Shows an offline copy. */
  show({ conversations, threads }: OfflineCopy): void {
    this.came(conversations);
    for (const { id, hidden } of threads) this.learn(id, hidden);
  }

  /** A snapshot has come: nothing that is held from before can be trusted. */
  took(conversations: readonly Conversation[]): void {
    this.#hidden = nothingHidden;
    this.came(conversations);
  }
}
