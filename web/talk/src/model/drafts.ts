/** Messages that were begun and not sent, kept for each conversation of a person on this device. */
import type { TextStorage } from '@encke/ui/plain';

/** Drafts that are kept of one person. The oldest go first. */
export const draftsMax = 200;

interface Draft {
  readonly text: string;
  /** The `seq` of the message that it answers. */
  readonly replyTo: number | null;
}

export class Drafts {
  #drafts: Map<string, Draft>;
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

  set(conversation: string, text: string, replyTo: number | null = null): void {
    // Another tab may have kept drafts since.
    if (this.#kept) this.#drafts = new Map(parse(this.storage.getItem(this.#name)));
    this.#drafts.delete(conversation);
    if (text.trim() !== '' || replyTo !== null) this.#drafts.set(conversation, { text, replyTo });
    for (const oldest of this.#drafts.keys()) {
      if (this.#drafts.size <= draftsMax) break;
      this.#drafts.delete(oldest);
    }
    const kept = [...this.#drafts].map(([id, draft]) =>
      draft.replyTo === null ? [id, draft.text] : [id, draft.text, draft.replyTo],
    );
    // Storage may be full or forbidden; then a draft lives as long as the page.
    try {
      this.storage.setItem(this.#name, JSON.stringify(kept));
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

function parse(json: string | null): [string, Draft][] {
  if (json === null) return [];
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return [];
    return value.flatMap((entry: unknown): [string, Draft][] => {
      if (!Array.isArray(entry)) return [];
      const [id, text, replyTo = null] = entry as unknown[];
      if (typeof id !== 'string' || typeof text !== 'string') return [];
      if (replyTo !== null && typeof replyTo !== 'number') return [];
      return [[id, { text, replyTo }]];
    });
  } catch {
    return [];
  }
}
