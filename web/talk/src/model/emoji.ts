/// <reference path="./emoji-data.d.ts" />
/*
 * All emoji, found by name in both languages. It comes on first use (`loadEmoji`): most visits never need it.
 */
import type { Locale } from '@encke/ui/plain';

export interface Emoji {
  readonly emoji: string;
  readonly group: number;
  /** What is typed after a colon; empty for those without. */
  readonly code: string;
  readonly names: Readonly<Record<Locale, string>>;
  readonly words: string;
}

/** The groups of the picker, in their order: the number that the data gives them, and the emoji that stands for each. */
export const emojiGroups = [
  { id: 'smileys', number: 0, face: '😀' },
  { id: 'people', number: 1, face: '👋' },
  { id: 'nature', number: 3, face: '🐻' },
  { id: 'food', number: 4, face: '🍎' },
  { id: 'travel', number: 5, face: '🚗' },
  { id: 'activities', number: 6, face: '⚽' },
  { id: 'objects', number: 7, face: '💡' },
  { id: 'symbols', number: 8, face: '❤️' },
  { id: 'flags', number: 9, face: '🏁' },
] as const;
export type EmojiGroup = (typeof emojiGroups)[number]['id'];

let loading: Promise<readonly Emoji[]> | null = null;

export function loadEmoji(): Promise<readonly Emoji[]> {
  loading ??= import('virtual:emoji').then(({ default: rows }) =>
    rows.map(([emoji, group, code, en, zh, words]) => ({
      emoji,
      group,
      code,
      names: { en, 'zh-CN': zh },
      words,
    })),
  );
  // What could not be fetched is asked for again the next time.
  loading.catch(() => (loading = null));
  return loading;
}

/** The number of the group of the site's own emoji. */
export const siteGroup = -1;

/** The site's own emoji among the others: found by their names, written as these between colons. */
export function ofSite(names: readonly { readonly name: string }[]): Emoji[] {
  return names.map(({ name }) => ({
    emoji: `:${name}:`,
    group: siteGroup,
    code: name,
    names: { en: name.replaceAll('_', ' '), 'zh-CN': name.replaceAll('_', ' ') },
    words: '',
  }));
}

/** Those that a word finds, best first: by short name, by the beginning of a name, by any word. */
export function foundEmoji(all: readonly Emoji[], query: string, max: number): Emoji[] {
  const wanted = fold(query);
  if (wanted === '') return [];
  const ranks: Emoji[][] = [[], [], [], []];
  for (const each of all) {
    const rank = rankOf(each, wanted);
    if (rank !== null) ranks[rank]?.push(each);
  }
  return ranks.flat().slice(0, max);
}

function rankOf({ code, names, words }: Emoji, wanted: string): number | null {
  const label = fold(names.en);
  const chinese = names['zh-CN'];
  const short = code.replaceAll('_', ' ');
  if (short === wanted || label === wanted || chinese === wanted) return 0;
  if (short.startsWith(wanted) || chinese.startsWith(wanted)) return 1;
  const all = `${label} ${chinese} ${short} ${words.toLowerCase()}`;
  if (` ${all}`.includes(` ${wanted}`)) return 2;
  return wanted.length >= 2 && all.includes(wanted) ? 3 : null;
}

function fold(text: string): string {
  return text.trim().toLowerCase().replaceAll('_', ' ');
}
