/** Messages that were begun and not sent, kept for each conversation of a person on this device. */
import type { TextStorage } from '@encke/ui/plain';

/** Drafts that are kept of one person. The oldest go first. */
export const draftsMax = 200;

export class Drafts {
  #texts: Map<string, string>;
  #kept = true;
  readonly #name: string;

  constructor(
    private readonly storage: TextStorage,
    person: string,
  ) {
    this.#name = `encke.drafts.${person}`;
    this.#texts = new Map(parse(storage.getItem(this.#name)));
  }

  get(conversation: string): string {
    return this.#texts.get(conversation) ?? '';
  }

  set(conversation: string, text: string): void {
    // Another tab may have kept drafts since.
    if (this.#kept) this.#texts = new Map(parse(this.storage.getItem(this.#name)));
    this.#texts.delete(conversation);
    if (text.trim() !== '') this.#texts.set(conversation, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= draftsMax) break;
      this.#texts.delete(oldest);
    }
    // Storage may be full or forbidden; then a draft lives as long as the page.
    try {
      this.storage.setItem(this.#name, JSON.stringify([...this.#texts]));
      this.#kept = true;
    } catch {
      this.#kept = false;
    }
  }

  /** On sign-out: nothing of a person stays on the device. */
  forget(): void {
    this.#texts.clear();
    this.storage.removeItem(this.#name);
  }
}

function parse(json: string | null): [string, string][] {
  if (json === null) return [];
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return [];
    return value.filter(
      (entry): entry is [string, string] =>
        Array.isArray(entry) &&
        entry.length === 2 &&
        typeof entry[0] === 'string' &&
        typeof entry[1] === 'string',
    );
  } catch {
    return [];
  }
}
