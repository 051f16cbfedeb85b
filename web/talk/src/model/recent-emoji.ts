/** The emoji that were chosen last on this device, newest first. */
import type { TextStorage } from '@encke/ui/plain';

export const recentEmojiMax = 24;
/** Those that are offered to somebody who has chosen none yet. */
export const firstEmoji: readonly string[] = ['👍', '❤️', '😂', '🎉', '🙏', '👀', '✅', '🔥'];
const name = 'encke.emoji';

export function recentEmojiIn(storage: TextStorage): string[] {
  return (storage.getItem(name) ?? '')
    .split(' ')
    .filter((each) => each !== '')
    .slice(0, recentEmojiMax);
}

export function withRecent(recent: readonly string[], emoji: string): string[] {
  return [emoji, ...recent.filter((each) => each !== emoji)].slice(0, recentEmojiMax);
}

/** Storage may be full or forbidden; then they are remembered as long as the page lives. */
export function keepRecentEmoji(storage: TextStorage, recent: readonly string[]): void {
  try {
    storage.setItem(name, recent.join(' '));
  } catch {
    return;
  }
}

/** Those that are one click away: the ones chosen last, filled up with common ones. */
export function quickEmoji(recent: readonly string[]): string[] {
  return [...new Set([...recent.slice(0, 3), ...firstEmoji])].slice(0, 6);
}
