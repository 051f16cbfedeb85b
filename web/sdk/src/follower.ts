/**
 * A tab that doesn't lead: takes what the leader passes on, on top of what it holds itself. What it has missed (the
 * leader was ahead when it came, or the browser had frozen it) it fetches by short poll; nothing is ever skipped.
 */
import { order } from './cursor.js';
import type { Environment } from './environment.js';
import type { ApiError } from './errors.js';
import type { Held } from './held.js';
import type { Http } from './http.js';
import { Patience } from './patience.js';
import { feedPath } from './transports/transport.js';
import type { FeedEvent, PollAnswer, Signal } from './types.js';

export interface Batch {
  from: string;
  items: (FeedEvent | Signal)[];
  to: string;
}

/** Batches that wait while the missing ones are fetched; with more, they are fetched as well. */
export const waiting_batches_max = 1_000;
export const behind_rest_ms = 250;

export interface FollowerListener {
  event(event: FeedEvent): void;
  signal(signal: Signal): void;
  /** A snapshot is needed: the events that are held and those that the leader sends don't meet. */
  reset(): void;
  failed(error: ApiError): void;
}

export interface FollowerParts {
  environment: Environment;
  http: Http;
  held: Held;
  client: string;
  channels: readonly string[];
  listener: FollowerListener;
}

export class Follower {
  readonly #parts: FollowerParts;
  readonly #patience: Patience;
  readonly #stopped = new AbortController();
  #waiting: Batch[] = [];
  #fetching = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#patience = new Patience(parts.environment);
  }

  stop(): void {
    this.#stopped.abort();
  }

  nudge(): void {
    this.#patience.nudge();
  }

  take(batch: Batch): void {
    // The oldest may go: what is missing at the front is noticed and fetched.
    if (this.#waiting.length >= waiting_batches_max) this.#waiting.shift();
    this.#waiting.push(batch);
    this.#drain();
  }

  #drain(): void {
    while (!this.#fetching && !this.#stopped.signal.aborted) {
      const batch = this.#waiting.shift();
      if (batch === undefined) return;
      this.#apply(batch);
    }
  }

  #apply(batch: Batch): void {
    const { held, listener } = this.#parts;
    const where = order(batch.from, held.cursor ?? '');
    if (where === 'unknown') return listener.reset();
    const gap = where === 'newer' || !this.#takeAll(batch.items);
    if (gap) {
      this.#waiting.unshift(batch);
      return void this.#fetch();
    }
    held.reached(batch.to);
  }

  /** False if something is missing before one of them. */
  #takeAll(items: (FeedEvent | Signal)[]): boolean {
    const { held, listener } = this.#parts;
    for (const item of items) {
      if (this.#stopped.signal.aborted) return true;
      if (item.type === 'signal') {
        listener.signal(item);
        continue;
      }
      const verdict = held.take(item);
      if (verdict === 'gap') return false;
      if (verdict === 'next') listener.event(item);
    }
    return true;
  }

  async #fetch(): Promise<void> {
    this.#fetching = true;
    const before = this.#parts.held.cursor;
    try {
      const silent = { trying: () => undefined, waiting: () => undefined };
      let more = true;
      while (more) {
        const answer = await this.#patience.until(() => this.#poll(), this.#stopped.signal, silent);
        if (answer.reset !== undefined || !this.#takeAll(answer.events)) return this.#parts.listener.reset();
        this.#parts.held.reached(answer.cursor);
        more = answer.more === true;
      }
    } catch (thrown) {
      if (!this.#stopped.signal.aborted) this.#parts.listener.failed(thrown as ApiError);
      return;
    } finally {
      this.#fetching = false;
    }
    // Nothing new: the node that was asked is behind the leader's. It gets a moment.
    if (this.#parts.held.cursor === before) this.#rest();
    else this.#drain();
  }

  #rest(): void {
    this.#fetching = true;
    this.#parts.environment.clock.setTimeout(() => {
      this.#fetching = false;
      this.#drain();
    }, behind_rest_ms);
  }

  #poll(): Promise<PollAnswer> {
    const { http, environment, held, client, channels } = this.#parts;
    const request = { http, environment, cursor: held.cursor ?? '', channels, client, ticket: null };
    return http.json<PollAnswer>({ method: 'GET', path: feedPath(request) });
  }
}
