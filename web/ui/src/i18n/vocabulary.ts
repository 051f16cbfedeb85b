import type { Locale } from './locale';

/** The words of one package. Each language travels by itself, so that a visit loads only the one that it shows. */
export class Vocabulary<Words> {
  readonly #loaded = new Map<Locale, Words>();

  constructor(private readonly sources: Readonly<Record<Locale, () => Promise<Words>>>) {}

  /** Loads a language. A page does that before it shows it; the promise fails if the network does. */
  async load(locale: Locale): Promise<void> {
    if (!this.#loaded.has(locale)) this.#loaded.set(locale, await this.sources[locale]());
  }

  /** The words of a language that is loaded. */
  in(locale: Locale): Words {
    const words = this.#loaded.get(locale);
    if (words === undefined) throw new Error(`The words of ${locale} were never loaded.`);
    return words;
  }
}
