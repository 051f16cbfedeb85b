/*
 * What the browser keeps for a visitor, one item for each name of a desk. Where the browser keeps nothing (storage of other sites'
 * iframes is forbidden, or full), it lasts as long as the page.
 */
import type { TextStorage } from '@encke/ui/plain';

export type Kept = 'token' | 'question' | 'draft' | 'sound' | 'language' | 'consent' | 'greeted';

export class Keep {
  readonly #storage: TextStorage | null;
  readonly #prefix: string;
  readonly #memory = new Map<string, string>();

  /** `storage` is called once; browsers throw where it is forbidden. */
  constructor(storage: () => TextStorage, desk: string) {
    this.#prefix = `encke-desk:${desk}:`;
    this.#storage = open(storage);
  }

  get(name: Kept): string | null {
    const known = this.#memory.get(name);
    if (known !== undefined) return known;
    try {
      return this.#storage?.getItem(this.#prefix + name) ?? null;
    } catch {
      return null;
    }
  }

  set(name: Kept, value: string): void {
    this.#memory.set(name, value);
    try {
      this.#storage?.setItem(this.#prefix + name, value);
    } catch {
      // The memory has it.
    }
  }

  remove(name: Kept): void {
    this.#memory.delete(name);
    try {
      this.#storage?.removeItem(this.#prefix + name);
    } catch {
      // Then it was never kept.
    }
  }
}

function open(storage: () => TextStorage): TextStorage | null {
  try {
    return storage();
  } catch {
    return null;
  }
}
