import { describe, expect, it } from 'vitest';
import { found, foundMax, type Entry } from '../src/model/palette';
import { readsAs } from '../src/view/palette/pinyin';

const entry = (label: string, words = ''): Entry => ({ key: label, kind: 'conversation', label, words });
const labels = (entries: readonly Entry[], query: string): string[] =>
  found(entries, query, readsAs).map(({ label }) => label);

describe('the palette', () => {
  const entries = [
    entry('Kitchen'),
    entry('The kitchen'),
    entry('林晓雨'),
    entry('重庆小面'),
    entry('Anna', 'abc'),
  ];
  it('finds by the beginning of a name, then of a word, then anywhere', () => {
    expect(labels(entries, 'kit')).toEqual(['Kitchen', 'The kitchen']);
    expect(labels(entries, 'tchen')).toEqual(['Kitchen', 'The kitchen']);
    expect(labels(entries, 'ＫＩＴ')).toEqual(['Kitchen', 'The kitchen']);
    expect(labels(entries, 'abc')).toEqual(['Anna']);
  });
  it('finds Chinese names by their letters, by pinyin and by first letters', () => {
    for (const query of ['晓', 'linxiaoyu', 'lin xiao', 'lxy', 'xiaoyu'])
      expect(labels(entries, query), query).toEqual(['林晓雨']);
    expect(labels(entries, 'chongqing')).toEqual(['重庆小面']);
    const before = 'before one that has them in the middle of a word';
    expect(labels([entry('Kitchen'), entry('陈明')], 'chen'), before).toEqual(['陈明', 'Kitchen']);
    expect(labels(entries, 'xyz')).toEqual([]);
  });
  it('shows a bounded number, all kinds of them when nothing is typed', () => {
    const many = Array.from({ length: 100 }, (_, index) => entry(`Room ${index}`));
    expect(labels(many, '')).toHaveLength(foundMax);
    expect(labels(many, '')[0]).toBe('Room 0');
  });
});
