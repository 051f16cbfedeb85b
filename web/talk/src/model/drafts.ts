/** Messages that were begun and not sent, kept for each conversation of a person on this device. */
import type { TextStorage } from '@encke/ui/plain';

/** Drafts that are kept of one person. The oldest go first. */
export const draftsMax = 200;

export interface KeptDraft {
  readonly text: string;
  /** The `seq` of the message that it answers. */
  readonly replyTo: number | null;
  /** The time of the server's draft that says the same; null if it was changed here since. */
  readonly savedAt: number | null;
}

export class Drafts {
  #drafts: Map<string, KeptDraft>;
  #kept = true;
  readonly #name: string;

  constructor(
    private readonly storage: TextStorage,
    person: string,
  ) {
    this.#name = `encke.drafts.${person}`;
    this.#drafts = new Map(parse(storage.getItem(this.#name)));
  }

  get(conversation: string): string {
    return this.#drafts.get(conversation)?.text ?? '';
  }

  replyTo(conversation: string): number | null {
    return this.#drafts.get(conversation)?.replyTo ?? null;
  }

  all(): ReadonlyMap<string, KeptDraft> {
    return this.#drafts;
  }

  set(
    conversation: string,
    text: string,
    replyTo: number | null = null,
    savedAt: number | null = null,
  ): void {
    // Another tab may have kept drafts since.
    if (this.#kept) this.#drafts = new Map(parse(this.storage.getItem(this.#name)));
    this.#drafts.delete(conversation);
    if (text.trim() !== '' || replyTo !== null) this.#drafts.set(conversation, { text, replyTo, savedAt });
    for (const oldest of this.#drafts.keys()) {
      if (this.#drafts.size <= draftsMax) break;
      this.#drafts.delete(oldest);
    }
    // Storage may be full or forbidden; then a draft lives as long as the page.
    try {
      this.storage.setItem(this.#name, JSON.stringify([...this.#drafts].map(stored)));
      this.#kept = true;
    } catch {
      this.#kept = false;
    }
  }

  /** On sign-out: nothing of a person stays on the device. */
  forget(): void {
    this.#drafts.clear();
    this.storage.removeItem(this.#name);
  }
}

/** A draft as it is stored: what is null at its end is left out. */
function stored([id, { text, replyTo, savedAt }]: [string, KeptDraft]): unknown[] {
  if (savedAt !== null) return [id, text, replyTo, savedAt];
  return replyTo === null ? [id, text] : [id, text, replyTo];
}

function parse(json: string | null): [string, KeptDraft][] {
  if (json === null) return [];
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return [];
    return value.flatMap((entry: unknown): [string, KeptDraft][] => {
      if (!Array.isArray(entry)) return [];
      const [id, text, replyTo = null, savedAt = null] = entry as unknown[];
      if (typeof id !== 'string' || typeof text !== 'string') return [];
      if (replyTo !== null && typeof replyTo !== 'number') return [];
      if (savedAt !== null && typeof savedAt !== 'number') return [];
      return [[id, { text, replyTo, savedAt }]];
    });
  } catch {
    return [];
  }
}
