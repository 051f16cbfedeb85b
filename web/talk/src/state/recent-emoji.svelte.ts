import type { TextStorage } from '@encke/ui/plain';
import { keepRecentEmoji, recentEmojiIn, withRecent } from '../model/recent-emoji';

/** The emoji that were chosen last on this device. */
export class RecentEmoji {
  all: readonly string[] = $state.raw([]);

  constructor(private readonly storage: TextStorage) {
    this.all = recentEmojiIn(storage);
  }

  /** A person has chosen an emoji; it comes first the next time. */
  chose(emoji: string): void {
    this.all = withRecent(this.all, emoji);
    keepRecentEmoji(this.storage, this.all);
  }
}
