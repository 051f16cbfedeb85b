/* Shows what is being typed, not at each letter: at once, then the newest after each pause. */

/** As the protocol says. */
export const pause_ms = 1_500;

export class DraftTeller {
  readonly #tell: (text: string) => void;
  readonly #after: (ms: number, task: () => void) => () => void;
  #resting = false;
  #told = '';
  #now = '';

  constructor(after: (ms: number, task: () => void) => () => void, tell: (text: string) => void) {
    this.#after = after;
    this.#tell = tell;
  }

  wrote(text: string): void {
    this.#now = text;
    this.#next();
  }

  /** The text was sent, which tells enough. */
  sent(): void {
    this.#now = this.#told = '';
  }

  #next(): void {
    if (this.#resting || this.#now === this.#told) return;
    this.#resting = true;
    this.#told = this.#now;
    this.#tell(this.#now);
    this.#after(pause_ms, () => {
      this.#resting = false;
      this.#next();
    });
  }
}
