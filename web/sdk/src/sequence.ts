/** The numbers of the streams: what comes next, what came already, what is missing. */
import type { Conversation, FeedEvent, Snapshot } from './types.js';

export type Verdict = 'next' | 'duplicate' | 'gap';

export class Sequence {
  readonly #last = new Map<string, number>();

  /** Forgets everything; a stream that isn't known starts where it starts. */
  clear(): void {
    this.#last.clear();
  }

  seed(snapshot: Snapshot): void {
    this.clear();
    for (const conversation of snapshot.conversations) this.#seedConversation(conversation);
  }

  last(stream: string): number | null {
    return this.#last.get(stream) ?? null;
  }

  check(event: FeedEvent): Verdict {
    const last = this.#last.get(event.stream);
    if (last === undefined || event.seq === last + 1) return 'next';
    return event.seq <= last ? 'duplicate' : 'gap';
  }

  accept(event: FeedEvent): void {
    this.#last.set(event.stream, event.seq);
    if (event.kind === 'conversation_added') this.#seedConversation(event.body.conversation);
    if (event.kind === 'conversation_removed') this.#forget(event.body.conversation);
    // Who follows a thread or a ticket again has missed what was said meanwhile.
    if (event.kind === 'thread_followed') this.#forget(event.body.thread);
    if (event.kind === 'ticket_followed') this.#forget(event.body.ticket);
  }

  #seedConversation(conversation: Conversation): void {
    this.#last.set(conversation.id, conversation.head_seq);
    this.#last.set(streamOf('r', conversation.id), conversation.receipts_seq);
  }

  // A person who comes back later has missed what was said meanwhile, rightly; that is no gap.
  #forget(conversation: string): void {
    for (const prefix of ['c', ...companions]) this.#last.delete(streamOf(prefix, conversation));
  }
}

/** Receipts, amendments, growth and notes: the streams that come with what is said in a conversation. */
const companions = ['r', 'a', 'g', 'n'];

/** Ids are opaque, but docs/protocol.md names the streams of conversation `c12`: `c12`, `r12`, `a12`, … */
function streamOf(prefix: string, conversation: string): string {
  return prefix + conversation.slice(1);
}
