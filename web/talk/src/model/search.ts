/*
 * A search of messages as it is typed: words, and filters such as `from:Mei` that become chips; what the server is asked; and
 * where a text has the words. Plain TypeScript; the server's own rules are those of docs/protocol.md.
 */
import type { SearchQuery } from '@encke/sdk';

export type SearchFilter =
  | { readonly kind: 'from'; readonly person: string }
  | { readonly kind: 'in'; readonly conversation: string }
  | { readonly kind: 'has'; readonly what: 'link' | 'file' }
  /** Starred by this person, or pinned in its conversation. */
  | { readonly kind: 'is'; readonly what: 'starred' | 'pinned' }
  /** From the beginning of a day on, or up to it. */
  | { readonly kind: 'after' | 'before'; readonly at: number };

export type FilterKind = SearchFilter['kind'];

/** The words that begin a filter, in both languages. */
const operators: Readonly<Record<FilterKind, readonly string[]>> = {
  from: ['from', '来自'],
  in: ['in', '在'],
  has: ['has', '包含'],
  is: ['is', '是'],
  after: ['after', 'since', '晚于'],
  before: ['before', '早于'],
};

/** The server's limit on the text of a search, in characters. */
export const searchCharsMax = 200;

/** A filter that is being typed: the letters after its colon, and where it begins in the text. */
export interface AskedFilter {
  readonly kind: FilterKind;
  readonly query: string;
  readonly start: number;
}

/** The filter at the end of what is typed, if there is one. */
export function askedFilter(text: string): AskedFilter | null {
  const [, operator = '', query = ''] = /(?:^|\s)(\p{L}+)[:：](\S*)$/u.exec(text) ?? [];
  const kind = (Object.keys(operators) as FilterKind[]).find((each) =>
    operators[each].includes(operator.toLowerCase()),
  );
  if (kind === undefined) return null;
  return { kind, query, start: text.length - operator.length - 1 - query.length };
}

/** The beginning of a day that is written as 2026-11-22 or 2026/1/2. Null for anything else. */
export function dayIn(text: string): number | null {
  const [, year = '', month = '', day = ''] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text) ?? [];
  if (year === '') return null;
  const date = new Date(Number(year), Number(month) - 1, Number(day));
  const real = date.getMonth() === Number(month) - 1 && date.getDate() === Number(day);
  return real && date.getTime() > 0 ? date.getTime() : null;
}

/** One filter of each kind: a later one takes the place of the one before. */
export function withFilter(filters: readonly SearchFilter[], filter: SearchFilter): SearchFilter[] {
  return [...filters.filter((each) => each.kind !== filter.kind), filter];
}

/** What the server is asked; null while that is too little for a search. */
export function queryOf(text: string, filters: readonly SearchFilter[]): SearchQuery | null {
  const query: SearchQuery = {};
  const q = [...text.trim()].slice(0, searchCharsMax).join('');
  if (q !== '') query.q = q;
  for (const filter of filters) {
    if (filter.kind === 'from') query.from = filter.person;
    else if (filter.kind === 'in') query.conversation = filter.conversation;
    else if (filter.kind === 'has') query.has = filter.what;
    else if (filter.kind === 'is') query.is = filter.what;
    else query[filter.kind] = filter.at;
  }
  const filtered = query.from !== undefined || query.has !== undefined || query.is !== undefined;
  const enough = wordsOf(q).length > 0 || filtered;
  return enough ? query : null;
}

/** The words of a search, folded as the server does: case, accents and width don't count. */
export function wordsOf(text: string): string[] {
  return folded(text)
    .map(({ letter }) => letter)
    .join('')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

/** Letters of a result that are shown, and of those before the first hit. */
export const excerptMax = 240;
const leadMax = 60;

/** The part of a text that has the words, with the places where they are. */
export function excerpt(text: string, words: readonly string[]): Piece[] {
  const line = text.replace(/\s+/gu, ' ').trim();
  const hits = hitsIn(line, words);
  const first = hits[0]?.from ?? 0;
  const from = line.length <= excerptMax || first <= leadMax ? 0 : whole(line, first - leadMax);
  const to = whole(line, Math.min(line.length, from + excerptMax));
  const pieces: Piece[] = [];
  let at = from;
  const put = (end: number, hit: boolean): void => {
    if (end > at) pieces.push({ text: line.slice(at, end), hit });
    at = Math.max(at, end);
  };
  for (const hit of hits) {
    if (hit.to <= at || hit.from >= to) continue;
    put(hit.from, false);
    put(Math.min(hit.to, to), true);
  }
  put(to, false);
  if (from > 0) pieces.unshift({ text: '…', hit: false });
  if (to < line.length) pieces.push({ text: '…', hit: false });
  return pieces;
}

/** The places of words in a text, in order, none in another. */
function hitsIn(text: string, words: readonly string[]): { from: number; to: number }[] {
  const letters = folded(text);
  const plain = letters.map(({ letter }) => letter).join('');
  const hits: { from: number; to: number }[] = [];
  for (const word of words) {
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length)) {
      const inWord = /[\p{L}\p{N}]/u.test(plain[at - 1] ?? ' ') && !/\p{Script=Han}/u.test(plain[at] ?? '');
      const first = letters[at];
      const last = letters[at + word.length - 1];
      if (!inWord && first !== undefined && last !== undefined) hits.push({ from: first.at, to: last.end });
    }
  }
  return hits.sort((a, b) => a.from - b.from || b.to - a.to);
}

/** Each letter as it counts in a search, with its place in the text. One entry for each unit of UTF-16 of the folded text. */
function folded(text: string): { letter: string; at: number; end: number }[] {
  const letters: { letter: string; at: number; end: number }[] = [];
  let at = 0;
  for (const character of text) {
    const end = at + character.length;
    const plain = character.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
    for (let index = 0; index < plain.length; index += 1)
      letters.push({ letter: plain[index] ?? '', at, end });
    at = end;
  }
  return letters;
}

/** A place that is not inside of a character. */
function whole(text: string, at: number): number {
  return /[\uDC00-\uDFFF]/.test(text[at] ?? '') ? at - 1 : at;
}
