import type { EnckeClient } from '@encke/sdk';
import type { TextStorage } from '@encke/ui/plain';
import { keepRecentEmoji, recentEmojiIn, withRecent } from '../model/recent-emoji';
import { SiteEmojis } from './site-emoji.svelte';

/** The emoji that were chosen last on this device, and the site's own. */
export class RecentEmoji {
  readonly site: SiteEmojis;
  all: readonly string[] = $state.raw([]);

  constructor(
    private readonly storage: TextStorage,
    client: EnckeClient,
  ) {
    this.site = new SiteEmojis(client);
    this.all = recentEmojiIn(storage);
  }

  /** Those that are there. */
  get usable(): readonly string[] {
    return this.all.filter(this.site.isThere);
  }

  /** A person has chosen an emoji; it comes first the next time. */
  chose(emoji: string): void {
    this.all = withRecent(this.all, emoji);
    keepRecentEmoji(this.storage, this.all);
  }
}
