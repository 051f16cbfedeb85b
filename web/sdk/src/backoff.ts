/** Full jitter: a wait anywhere between nothing and a bound that doubles, so that clients don't come back together. */
export const backoff_base_ms = 500;
export const backoff_cap_ms = 30_000;

export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next wait in milliseconds. */
  next(): number {
    const wait = jitter(this.#random, this.#failures);
    this.#failures += 1;
    return wait;
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** The wait after `failures` earlier ones. */
export function jitter(random: () => number, failures: number): number {
  // 2^16 half seconds is far past the cap; without the bound the power would overflow after a long night.
  const bound = Math.min(backoff_cap_ms, backoff_base_ms * 2 ** Math.min(failures, 16));
  return Math.floor(random() * bound);
}
