/** A person is away after the page has been hidden for a while, and online as soon as it is seen again. */
import type { Clock } from '@encke/ui/plain';

export const awayAfterMs = 5 * 60_000;

export class Idle {
  #state: 'online' | 'away' = 'online';
  #cancel: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (state: 'online' | 'away') => void,
  ) {}

  hidden(): void {
    this.#cancel();
    this.#cancel = this.clock.after(awayAfterMs, () => this.#become('away'));
  }

  visible(): void {
    this.#cancel();
    this.#become('online');
  }

  #become(state: 'online' | 'away'): void {
    if (this.#state === state) return;
    this.#state = state;
    this.tell(state);
  }
}
