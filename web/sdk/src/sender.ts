/** Moves the outbox: tries what is due, over the connection or by HTTP, and tells the outbox how it went. */
import { jitter } from './backoff.js';
import type { Environment } from './environment.js';
import { ApiError } from './errors.js';
import type { Outbox } from './outbox.js';
import type { Outgoing, Sent } from './types.js';

/** The event of an answered send should come at once. After this long without it the connection is taken for dead. */
export const echo_ms_max = 5_000;

export interface SenderParts {
  environment: Environment;
  outbox: Outbox;
  send(message: Outgoing): Promise<Sent>;
  /** The last `seq` that is held of a conversation. */
  held(conversation: string): number | null;
  /** An answered send is not followed by its event. */
  doubt(): void;
}

export class Sender {
  readonly #parts: SenderParts;
  #running = false;
  #timer: unknown = null;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.wake();
  }

  stop(): void {
    this.#running = false;
    this.#parts.environment.clock.clearTimeout(this.#timer);
  }

  /** Everything that waits for a better time: now. */
  wake(): void {
    this.#parts.outbox.wake();
    this.pump();
  }

  pump(): void {
    const { outbox, environment } = this.#parts;
    const { clock } = environment;
    if (!this.#running) return;
    for (const message of outbox.due(clock.now())) void this.#try(message);
    clock.clearTimeout(this.#timer);
    const next = outbox.nextAt();
    if (next !== null) this.#timer = clock.setTimeout(() => this.pump(), Math.max(1, next - clock.now()));
  }

  async #try(message: Outgoing): Promise<void> {
    const { outbox, environment, send, held, doubt } = this.#parts;
    const { clock, random } = environment;
    const tries = outbox.flying(message.key, clock.now());
    try {
      const sent = await send(message);
      outbox.answered(message.key, sent, held(message.conversation));
      if (outbox.awaitsEcho(message.key))
        clock.setTimeout(() => this.#running && outbox.awaitsEcho(message.key) && doubt(), echo_ms_max);
    } catch (thrown) {
      const error = ApiError.from(thrown);
      const wait = Math.max(jitter(random, tries), error.retryAfterMs ?? 0);
      if (error.retry) outbox.lost(message.key, clock.now() + wait, error);
      else outbox.refused(message.key, error);
    }
    this.pump();
  }
}
