/** Read marks on their way. A mark only moves forward, so of each conversation the greatest is enough. */
import type { FeedEvent, Snapshot } from './types.js';

export class Reads {
  readonly #open = new Map<string, number>();
  readonly #done = new Map<string, number>();

  /** Whether this says anything new. */
  add(conversation: string, seq: number): boolean {
    const known = Math.max(this.#open.get(conversation) ?? 0, this.#done.get(conversation) ?? 0);
    if (seq <= known) return false;
    this.#open.set(conversation, seq);
    return true;
  }

  /** Those that the server may not know of. */
  get open(): [conversation: string, seq: number][] {
    return [...this.#open];
  }

  done(conversation: string, seq: number): void {
    this.#done.set(conversation, Math.max(seq, this.#done.get(conversation) ?? 0));
    if ((this.#open.get(conversation) ?? 0) <= seq) this.#open.delete(conversation);
  }

  /** It can't be done, and trying again won't help. */
  drop(conversation: string): void {
    this.#open.delete(conversation);
  }

  event(event: FeedEvent, me: string): void {
    if (event.kind === 'conversation_removed') {
      this.#open.delete(event.body.conversation);
      this.#done.delete(event.body.conversation);
    }
    if (event.kind !== 'receipts' && event.kind !== 'marked') return;
    const mine = event.body.marks.find((mark) => mark.person === me);
    if (mine !== undefined) this.done(event.body.conversation, mine.read);
  }

  snapshot(snapshot: Snapshot): void {
    this.#done.clear();
    for (const { id, read_seq } of snapshot.conversations) this.done(id, read_seq);
  }
}
