/** Tells the others that the person is typing: at the first key, again while it goes on, and once when it stops. */
import type { Clock } from '@encke/ui/plain';

/** How often it is told again: more often than receivers forget. */
export const typingRepeatMs = 3_000;
export const typingIdleMs = 4_000;

export class TypingSender {
  #conversation: string | null = null;
  #saidAt = 0;
  #cancel: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (conversation: string, on: boolean) => void,
  ) {}

  typed(conversation: string): void {
    if (this.#conversation !== conversation) this.stopped();
    const now = this.clock.now();
    if (this.#conversation === null || now - this.#saidAt >= typingRepeatMs) {
      this.#conversation = conversation;
      this.#saidAt = now;
      this.tell(conversation, true);
    }
    this.#cancel();
    this.#cancel = this.clock.after(typingIdleMs, () => this.stopped());
  }

  stopped(): void {
    this.#cancel();
    if (this.#conversation !== null) this.tell(this.#conversation, false);
    this.#conversation = null;
  }

  /** The message itself says that the typing is over; nothing more need be told. */
  sent(): void {
    this.#cancel();
    this.#conversation = null;
  }
}
