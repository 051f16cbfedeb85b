/** The time as far as the screen needs it: moves once a minute, whatever is shown, and at the ends that are shown. */
class Now {
  minute = $state(Date.now());
  #waking: ReturnType<typeof setTimeout> | undefined;
  #at = Infinity;

  constructor() {
    setInterval(() => (this.minute = Date.now()), 60_000);
  }

  /** The time, which moves at `end`, too. What ends in later minutes asks again in its own. */
  until(end = 0): number {
    const left = end - Date.now();
    if (left > 0 && left <= 60_000 && end < this.#at) {
      clearTimeout(this.#waking);
      this.#at = end;
      this.#waking = setTimeout(() => {
        this.#at = Infinity;
        this.minute = Date.now();
      }, left);
    }
    return this.minute;
  }
}

export const now = new Now();

/** The time, which moves once a minute, and at this end. */
export const minute = (end?: number): number => now.until(end);
