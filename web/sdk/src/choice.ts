/**
 * Which transport next. Pure: told what happened, asked what to do.
 *
 * A transport is put aside only on evidence: it did not get through while the server did answer a plain request
 * (the session asks). A server that is down puts nothing aside.
 */
import type { Clock } from './environment.js';
import type { TransportName } from './types.js';

export const transports_best_first: readonly TransportName[] = [
  'websocket',
  'sse',
  'ndjson',
  'long-poll',
  'iframe',
  'short-poll',
];

/** How long a transport stays aside the first time; doubled each further time. */
export const aside_ms = 3 * 60_000;
export const aside_ms_max = 60 * 60_000;
/** A connection that lives shorter than this, this often in a row, isn't getting through either. */
export const flap_ms = 10_000;
export const flaps_max = 3;
export const opening_ms = 4_000;
export const opening_ms_max = 20_000;

interface Aside {
  until: number;
  times: number;
}

export class Choice {
  readonly #order: readonly TransportName[];
  readonly #clock: Clock;
  readonly #aside = new Map<TransportName, Aside>();
  #pinned: TransportName | null = null;
  #worked: TransportName | null = null;
  #flaps = 0;
  #rounds = 0;

  /** `order`: those that this browser can do, best first. `worked`: what got through on an earlier page. */
  constructor(order: readonly TransportName[], clock: Clock, worked: TransportName | null = null) {
    this.#order = order;
    this.#clock = clock;
    if (worked === null || !order.includes(worked)) return;
    this.#worked = worked;
    // The better ones failed then; the network may be another one now, so their turn comes soon.
    const until = clock.now() + aside_ms / 3;
    for (const name of order.slice(0, order.indexOf(worked))) this.#aside.set(name, { until, times: 1 });
  }

  get pinned(): TransportName | null {
    return this.#pinned;
  }

  /** Only this one, or all again with a clean slate. */
  pin(name: TransportName | null): void {
    this.#pinned = name;
    this.#aside.clear();
    this.#worked = null;
    this.#flaps = 0;
    this.#rounds = 0;
  }

  next(): TransportName | null {
    if (this.#pinned !== null) return this.#pinned;
    if (this.#worked !== null && !this.#isAside(this.#worked)) return this.#worked;
    return this.#order.find((name) => !this.#isAside(name)) ?? this.#order[0] ?? null;
  }

  /** How long a transport may stay silent before it is open; grows while none gets through, as on a slow network. */
  get openingMs(): number {
    return Math.min(opening_ms_max, opening_ms * 2 ** Math.min(this.#rounds, 8));
  }

  worked(name: TransportName): void {
    this.#worked = name;
    this.#rounds = 0;
  }

  /** It doesn't get through. Answers whether another one should be tried at once. */
  blocked(name: TransportName): 'another' | 'none' {
    if (this.#worked === name) this.#worked = null;
    this.#flaps = 0;
    if (this.#pinned !== null) {
      this.#rounds += 1;
      return 'none';
    }
    const times = (this.#aside.get(name)?.times ?? 0) + 1;
    const wait = Math.min(aside_ms_max, aside_ms * 2 ** Math.min(times - 1, 8));
    this.#aside.set(name, { until: this.#clock.now() + wait, times });
    if (this.#order.some((other) => !this.#isAside(other))) return 'another';
    // Nothing gets through: then no one of them is to blame.
    this.#aside.clear();
    this.#rounds += 1;
    return 'none';
  }

  /** It was live for `liveMs` and ended without a word. Answers whether it now counts as blocked. */
  dropped(name: TransportName, liveMs: number): boolean {
    this.#flaps = liveMs < flap_ms ? this.#flaps + 1 : 0;
    if (this.#flaps < flaps_max || this.#pinned !== null) return false;
    this.blocked(name);
    return true;
  }

  /** The best transport that is better than `current`, and when its next turn is. */
  better(current: TransportName): { name: TransportName; at: number } | null {
    if (this.#pinned !== null) return null;
    const candidates = this.#order
      .slice(0, Math.max(0, this.#order.indexOf(current)))
      .map((name) => ({ name, at: this.#aside.get(name)?.until ?? this.#clock.now() }));
    return candidates.reduce<(typeof candidates)[number] | null>(
      (first, each) => (first === null || each.at < first.at ? each : first),
      null,
    );
  }

  #isAside(name: TransportName): boolean {
    const aside = this.#aside.get(name);
    return aside !== undefined && this.#clock.now() < aside.until;
  }
}
