/** The presence of a browser out of that of its tabs: online if somebody looks at any of them. */
export type Shown = 'online' | 'away';

export class PresenceFold {
  readonly #tabs = new Map<string, Shown>();

  /** `null` when the tab is gone. */
  set(tab: string, state: Shown | null): void {
    if (state === null) this.#tabs.delete(tab);
    else this.#tabs.set(tab, state);
  }

  keepOnly(tab: string): void {
    for (const other of [...this.#tabs.keys()]) if (other !== tab) this.#tabs.delete(other);
  }

  of(tab: string): Shown | null {
    return this.#tabs.get(tab) ?? null;
  }

  /** `null` while no tab has said anything. */
  get folded(): Shown | null {
    if (this.#tabs.size === 0) return null;
    return [...this.#tabs.values()].includes('online') ? 'online' : 'away';
  }
}
