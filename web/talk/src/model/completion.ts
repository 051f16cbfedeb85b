/* The word before the caret that asks to be completed: `:name` for an emoji, `@name` for somebody in the conversation. */

export interface Asked {
  readonly kind: 'emoji' | 'person';
  readonly query: string;
  /** Where the word begins, with its first letter. */
  readonly start: number;
}

/** One of the things that a word may become. */
export interface Option {
  readonly key: string;
  /** An emoji, or the id of a person. */
  readonly face: { readonly emoji: string } | { readonly person: string };
  readonly label: string;
  readonly insert: string;
}

export const optionsMax = 8;

/** Letters of a word that are looked at. */
const queryLettersMax = 40;
const emoji = /(?:^|[\s\p{P}\p{Script=Han}]):([\p{L}\p{N}_+-]{2,})$/u;
const person = /(?:^|[^\p{L}\p{N}]|[\p{Script=Han}])@([\p{L}\p{N}._-]*)$/u;

export function askedAt(text: string, caret: number): Asked | null {
  const before = text.slice(Math.max(0, caret - queryLettersMax), caret);
  for (const [kind, pattern] of [
    ['emoji', emoji],
    ['person', person],
  ] as const) {
    const query = pattern.exec(before)?.[1];
    if (query !== undefined) return { kind, query, start: caret - query.length - 1 };
  }
  return null;
}

/** The place in a list of `count` after a key; null for keys that do not move. */
export function movedOption(key: string, at: number, count: number): number | null {
  if (count === 0) return null;
  if (key === 'ArrowDown') return (at + 1) % count;
  return key === 'ArrowUp' ? (at - 1 + count) % count : null;
}
