import type { KeptQuery } from '@encke/sdk';

/** Entries that are asked for at once; the server's limit on a page. */
export const keptPageMax = 50;

export interface KeptPage<T> {
  readonly entries: readonly T[];
  readonly next: string | null;
}

/** A list of what a person keeps, by pages. It is empty until it is first asked for. */
export class KeptList<T> {
  entries: readonly T[] = $state.raw([]);
  status: 'idle' | 'loading' | 'failed' | 'done' = $state('idle');
  /** Whether the server has more. */
  more = $state(false);
  #next: string | null = null;
  #turn = 0;

  constructor(private readonly page: (query: KeptQuery) => Promise<KeptPage<T>>) {}

  /** Asks for the list anew. What is shown stays until the answer is there. */
  async reload(): Promise<void> {
    await this.#fetch(null);
  }

  /** Asks anew if anybody has asked before. */
  refresh(): void {
    if (this.status !== 'idle') void this.reload();
  }

  async further(): Promise<void> {
    if (this.status !== 'loading') await this.#fetch(this.#next);
  }

  /** Changes what is shown, without the server. */
  change(to: (entries: readonly T[]) => readonly T[]): void {
    this.entries = to(this.entries);
  }

  async #fetch(next: string | null): Promise<void> {
    const turn = ++this.#turn;
    this.status = 'loading';
    try {
      const page = await this.page({ limit: keptPageMax, ...(next === null ? {} : { next }) });
      if (turn !== this.#turn) return;
      this.entries = next === null ? page.entries : [...this.entries, ...page.entries];
      this.#next = page.next;
      this.more = page.next !== null;
      this.status = 'done';
    } catch {
      if (turn === this.#turn) this.status = 'failed';
    }
  }
}
