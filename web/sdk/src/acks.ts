/** Tells the server what is held, at most once a second, on transports where asking doesn't tell it anyway. */
import type { Clock } from './environment.js';

export const ack_ms_min = 1_000;

export class Acks {
  readonly #clock: Clock;
  readonly #send: (cursor: string) => void;
  #cursor: string | null = null;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: unknown = null;

  constructor(clock: Clock, send: (cursor: string) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Events are held up to here. */
  moved(cursor: string): void {
    const waits = this.#cursor !== null;
    this.#cursor = cursor;
    if (waits) return;
    const wait = this.#sentAt + ack_ms_min - this.#clock.now();
    if (wait <= 0) this.#flush();
    else this.#timer = this.#clock.setTimeout(() => this.#flush(), wait);
  }

  /** A new connection presents the cursor itself. */
  cancel(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#cursor = null;
  }

  #flush(): void {
    const cursor = this.#cursor;
    this.#cursor = null;
    if (cursor === null) return;
    this.#sentAt = this.#clock.now();
    this.#send(cursor);
  }
}
