/* Typing both ways. Signals come at most once, so what was heard is forgotten, and what is told is repeated. */

/** As the SDK says: a `typing` is good for so long. */
export const forgotten_ms = 6_000;
/** The pause between two that are told. */
export const repeated_ms = 3_000;

/** Those who type, besides the visitor. */
export class Typists {
  readonly #until = new Map<string, number>();

  heard(person: string, on: boolean, now: number): void {
    if (on) this.#until.set(person, now + forgotten_ms);
    else this.#until.delete(person);
  }

  at(now: number): string[] {
    for (const [person, until] of this.#until) if (until <= now) this.#until.delete(person);
    return [...this.#until.keys()];
  }
}

/** Tells that the visitor types: at once, then now and then, and when it ends. */
export class TypingTeller {
  readonly #tell: (on: boolean) => void;
  #told: number | null = null;

  constructor(tell: (on: boolean) => void) {
    this.#tell = tell;
  }

  wrote(text: string, now: number): void {
    const on = text.trim() !== '';
    if (!on) return this.stopped();
    if (this.#told !== null && now - this.#told < repeated_ms) return;
    this.#told = now;
    this.#tell(true);
  }

  /** The message was sent, or what was written is gone. */
  stopped(): void {
    if (this.#told === null) return;
    this.#told = null;
    this.#tell(false);
  }
}
