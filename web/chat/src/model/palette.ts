/*
 * What the palette finds: conversations, people and commands, by any part of their names, and Chinese names by pinyin. The
 * library that knows pinyin comes with the palette; until it is there, names are found by their letters.
 */

/** Whether a text is read as `latin`: its syllables or their first letters. */
export type ReadsAs = (text: string, latin: string) => boolean;

export interface Entry {
  readonly key: string;
  readonly kind: 'conversation' | 'person' | 'command';
  readonly label: string;
  /** Other words that it is found by. */
  readonly words?: string;
}

export const foundMax = 12;

/** The best first; among equals the order stays. With nothing typed all conversations come before all commands. */
export function found<E extends Entry>(entries: readonly E[], query: string, readsAs: ReadsAs): E[] {
  const wanted = fold(query);
  const ranked = entries.flatMap((entry) => {
    const rank = rankOf(entry, wanted, readsAs);
    return rank === null ? [] : [{ entry, rank }];
  });
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, foundMax)
    .map(({ entry }) => entry);
}

function rankOf({ label, words = '' }: Entry, wanted: string, readsAs: ReadsAs): number | null {
  const name = fold(label);
  if (wanted === '' || name.startsWith(wanted)) return 0;
  if (` ${name}`.includes(` ${wanted}`)) return 1;
  if (/^[a-z ]+$/.test(wanted) && readsAs(label, wanted)) return 2;
  if (name.includes(wanted)) return 3;
  return ` ${fold(words)}`.includes(` ${wanted}`) ? 4 : null;
}

function fold(text: string): string {
  return text.trim().normalize('NFKC').toLocaleLowerCase();
}
