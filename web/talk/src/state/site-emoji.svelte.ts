import { untrack } from 'svelte';
import type { EnckeClient, SiteEmoji } from '@encke/sdk';
import { browserClock as clock } from '@encke/ui/plain';

/** The site's own emoji. They are asked for when the first of them is to be shown. */
export class SiteEmojis {
  all: readonly SiteEmoji[] = $state.raw([]);
  readonly #byName = $derived(new Map(this.all.map((each) => [each.name, each])));
  #askedAt = -Infinity;
  #asking: Promise<void> = Promise.resolve();

  constructor(private readonly client: EnckeClient) {
    client.on('snapshot', () => (this.#askedAt = -Infinity));
  }

  /** The address of the picture with a name; null if there is none. */
  readonly pictureOf = (name: string): string | null => {
    const found = this.#byName.get(name);
    if (found !== undefined) return this.client.api.emojiAddress(found);
    // It may have been added since.
    untrack(() => void this.ask());
    return null;
  };

  /** Whether something can be reacted with: an emoji of the site's own may have been removed. */
  readonly isThere = (emoji: string): boolean => !isOfSite(emoji) || this.#byName.has(emoji.slice(1, -1));

  /** Asks for all of them, unless that was done a moment ago. Done when the answer is there. */
  ask(): Promise<void> {
    return clock.now() - this.#askedAt < againMs ? this.#asking : this.reload();
  }

  reload(): Promise<void> {
    this.#askedAt = clock.now();
    // Without an answer names are shown, and the next one that is met asks again.
    const asking = this.client.api.siteEmoji().then(
      (all) => void (this.all = all),
      () => undefined,
    );
    return (this.#asking = asking);
  }
}

/** Names that nobody knows are looked up this often at most. */
const againMs = 60_000;

/** Whether an emoji is written as a name between colons. */
export function isOfSite(emoji: string): boolean {
  return emoji.length > 2 && emoji.startsWith(':') && emoji.endsWith(':');
}
