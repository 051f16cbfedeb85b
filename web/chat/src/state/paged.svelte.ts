/** A list that comes by pages, as far as somebody has asked for it. */
export interface Page<Item, Next> {
  readonly items: readonly Item[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: Next | undefined;
}

export class Paged<Item, Next> {
  items: readonly Item[] = $state.raw([]);
  busy = $state(false);
  /** Whether there is nothing more to ask for. */
  whole = $state(false);
  /** Why the last page did not come. */
  refused: unknown = $state.raw(null);
  #next: Next | undefined;

  constructor(private readonly fetch: (next: Next | undefined) => Promise<Page<Item, Next>>) {
    void this.more();
  }

  async more(): Promise<void> {
    if (this.busy || this.whole) return;
    this.busy = true;
    this.refused = null;
    try {
      const { items, next } = await this.fetch(this.#next);
      this.items = [...this.items, ...items];
      this.#next = next;
      this.whole = next === undefined;
    } catch (thrown) {
      this.refused = thrown;
    }
    this.busy = false;
  }

  /** Something in it is gone. */
  drop(item: Item): void {
    this.items = this.items.filter((each) => each !== item);
  }
}
