/* The people who are typing, by conversation. Each is forgotten after a while. */
import type { Signal } from '@encke/sdk';
import { expired, nobodyTyping, typingIn, withoutTyping, withTyping, type Typing } from '@encke/talk/plain';
import { browserClock } from '@encke/ui/plain';

export class Typists {
  #typing: Typing = nobodyTyping;
  #forgetting: () => void = () => undefined;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Everybody but this person. */
  in(conversation: string, me: string): string[] {
    return typingIn(this.#typing, conversation, me);
  }

  signalled(signal: Extract<Signal, { kind: 'typing' }>): void {
    this.#typing = withTyping(this.#typing, signal, browserClock.now());
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
    const { typing, nextAt } = expired(this.#typing, browserClock.now());
    this.#typing = typing;
    this.#changed();
    if (nextAt === null) return;
    this.#forgetting = browserClock.after(nextAt - browserClock.now(), () => this.#forget());
  }
}
