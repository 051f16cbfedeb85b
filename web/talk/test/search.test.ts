import { describe, expect, it } from 'vitest';
import { textPaths } from '@encke/ui/testing';
import { searchEn, searchZhCN } from '../src/i18n/search';
import {
  askedFilter,
  dayIn,
  excerpt,
  excerptMax,
  queryOf,
  searchCharsMax,
  withFilter,
  wordsOf,
} from '../src/model/search';

describe('the dictionaries of the search', () => {
  it('have the same keys, none of them empty', () => {
    expect(textPaths(searchZhCN)).toEqual(textPaths(searchEn));
    expect(textPaths(searchEn).filter((path) => path.endsWith('(empty)'))).toEqual([]);
  });
});

describe('what is typed', () => {
  it('becomes a filter at its end, in both languages', () => {
    expect(askedFilter('lunch from:me')).toEqual({ kind: 'from', query: 'me', start: 6 });
    expect(askedFilter('来自：小雨')).toEqual({ kind: 'from', query: '小雨', start: 0 });
    expect(askedFilter('Has:')).toEqual({ kind: 'has', query: '', start: 0 });
    for (const text of ['from:mei lunch', 'http://x', 'xfrom:a', 'to:mei', ''])
      expect(askedFilter(text)).toBeNull();
  });
  it('is a day only if there is one like it', () => {
    expect(dayIn('2026-11-22')).toBe(new Date(2026, 10, 22).getTime());
    expect(dayIn('2026/1/2')).toBe(new Date(2026, 0, 2).getTime());
    for (const text of ['2026-02-30', '2026-13-01', '22.11.2026', 'x']) expect(dayIn(text)).toBeNull();
  });
  it('is asked only if the server takes it', () => {
    expect(queryOf('  ', [])).toBeNull();
    expect(queryOf('?!', [{ kind: 'in', conversation: 'c1' }])).toBeNull();
    expect(queryOf('', [{ kind: 'has', what: 'link' }])).toEqual({ has: 'link' });
    expect(queryOf('', [{ kind: 'is', what: 'starred' }])).toEqual({ is: 'starred' });
    const filters = withFilter(withFilter([{ kind: 'before', at: 5 }], { kind: 'from', person: 'p1' }), {
      kind: 'before',
      at: 6,
    });
    expect(queryOf(' lunch ', filters)).toEqual({ q: 'lunch', from: 'p1', before: 6 });
    expect([...(queryOf('𝒜'.repeat(300), [])?.q ?? '')]).toHaveLength(searchCharsMax);
  });
});

describe('what was found', () => {
  const shown = (text: string, query: string): string =>
    excerpt(text, wordsOf(query))
      .map(({ text, hit }) => (hit ? `[${text}]` : text))
      .join('');

  it('has its words marked, whatever their case, accents and width', () => {
    expect(shown('Café at the CAFE', 'cafe')).toBe('[Café] at the [CAFE]');
    expect(shown('Ｃａｆé', 'CAFE')).toBe('[Ｃａｆé]');
    expect(shown('明天开会议，会议', '会议')).toBe('明天开[会议]，[会议]');
    expect(shown('a meeting, meet', 'meet')).toBe('a [meet]ing, [meet]');
    expect(shown('street treeline', 'tree')).toBe('street [tree]line');
    expect(shown('ab ab', 'a ab')).toBe('[ab] [ab]');
    expect(shown('nothing', 'x')).toBe('nothing');
  });
  it('is cut around the first of them, between characters', () => {
    const text = `${'好😀 '.repeat(200)}needle${' x'.repeat(200)}`;
    const pieces = excerpt(text, wordsOf('needle'));
    const whole = pieces.map((piece) => piece.text).join('');
    expect(whole).toContain('needle');
    expect(whole.length).toBeLessThan(excerptMax + 4);
    expect(whole.startsWith('…') && whole.endsWith('…')).toBe(true);
    expect(/\p{Cs}/u.test(whole)).toBe(false);
  });
});
