import type { Signal } from '@encke/sdk';
import type { Clock } from '@encke/ui/plain';
import { expired, nobodyTyping, typingIn, withoutTyping, withTyping, type Typing } from '../model/typing';

/** The people who are typing, by conversation. Each is forgotten after a while. */
export class Typists {
  #typing: Typing = $state.raw(nobodyTyping);
  #forgetting: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly me: string,
  ) {}

  /** Everybody but this person. */
  in(conversation: string): string[] {
    return typingIn(this.#typing, conversation, this.me);
  }

  signalled(signal: Extract<Signal, { kind: 'typing' }>): void {
    this.#typing = withTyping(this.#typing, signal, this.clock.now());
    this.#forget();
  }

  /** The message of somebody has come. */
  said(conversation: string, person: string): void {
    this.#typing = withoutTyping(this.#typing, conversation, person);
  }

  stop(): void {
    this.#forgetting();
  }

  #forget(): void {
    this.#forgetting();
    const { typing, nextAt } = expired(this.#typing, this.clock.now());
    this.#typing = typing;
    if (nextAt === null) return;
    this.#forgetting = this.clock.after(nextAt - this.clock.now(), () => this.#forget());
  }
}
