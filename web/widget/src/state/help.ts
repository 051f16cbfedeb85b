/* The articles of a desk: the first ones, those that fit what is being typed, and one as it is read. */
import type { Texts } from '../model/door';
import { ask } from './public';
import type { Timers } from './question';

export interface FoundArticle {
  readonly id: number;
  readonly title: Texts;
}

export interface Article extends FoundArticle {
  readonly text: Texts;
}

/** The pause after a letter before it is searched. */
const pause_ms = 400;
/** Articles that are shown. */
export const shown_max = 4;

export class Help {
  found: readonly FoundArticle[] = [];
  readonly #path: string;
  readonly #timers: Timers;
  readonly #changed: () => void;
  #wanted: string | null = null;
  #cancel: () => void = () => undefined;

  constructor(desk: string, timers: Timers, changed: () => void) {
    this.#path = `/v1/desks/${encodeURIComponent(desk)}/help`;
    this.#timers = timers;
    this.#changed = changed;
  }

  /** What somebody types, in a while; all articles without it. */
  look(text: string): void {
    const wanted = text.trim().slice(0, 100);
    if (wanted === this.#wanted) return;
    const pause = this.#wanted === null ? 0 : pause_ms;
    this.#wanted = wanted;
    this.#cancel();
    this.#cancel = this.#timers.after(pause, () => void this.#search(wanted));
  }

  read(article: number): Promise<Article> {
    return ask('GET', `${this.#path}/${article}`);
  }

  async #search(wanted: string): Promise<void> {
    try {
      const path = `${this.#path}?q=${encodeURIComponent(wanted)}`;
      const { articles } = await ask<{ articles: FoundArticle[] }>('GET', path);
      // Something else has been typed since.
      if (wanted !== this.#wanted) return;
      this.found = articles.slice(0, shown_max);
      this.#changed();
    } catch {
      // Help is no condition for asking.
    }
  }
}
