/** This tab holds everything up to a cursor. Only this file judges whether an event is new, old or too early. */
import { order } from './cursor.js';
import { Sequence, type Verdict } from './sequence.js';
import type { FeedEvent, Snapshot } from './types.js';

export class Held {
  readonly sequence = new Sequence();
  #cursor: string | null = null;

  get cursor(): string | null {
    return this.#cursor;
  }

  /** Starts over from a snapshot. */
  seed(snapshot: Snapshot): void {
    this.sequence.seed(snapshot);
    this.#cursor = snapshot.cursor;
  }

  /** Starts over from a stored cursor, with nothing known of the streams. */
  resume(cursor: string): void {
    this.sequence.clear();
    this.#cursor = cursor;
  }

  /** Judges an event and, when it is the next one, holds it from now on. */
  take(event: FeedEvent): Verdict {
    if (!this.#isAhead(event.cursor)) return 'duplicate';
    const verdict = this.sequence.check(event);
    if (verdict === 'next') this.sequence.accept(event);
    if (verdict !== 'gap') this.#cursor = event.cursor;
    return verdict;
  }

  /** The server says that there is nothing (for us) up to this cursor that we don't hold. */
  reached(cursor: string): void {
    if (this.#isAhead(cursor)) this.#cursor = cursor;
  }

  #isAhead(cursor: string): boolean {
    if (this.#cursor === null) return true;
    const where = order(cursor, this.#cursor);
    return where === 'newer' || where === 'unknown';
  }
}
