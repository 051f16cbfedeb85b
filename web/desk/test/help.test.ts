import { describe, expect, it } from 'vitest';
import { textPaths } from '@encke/ui/testing';
import type { DeskAgent, DeskTicket } from '@encke/sdk/desk';
import { helpWordsIn } from '../src/i18n/help-words';
import { answersOf, foundArticles, titleIn } from '../src/model/article';
import { boardOf } from '../src/model/board';
import { withField, withMoved } from '../src/model/form';
import { minutesOf, turn } from '../src/model/idle';
import { hashOf, placeInHash, seqInHash } from '../src/model/route';

describe('the words of articles and of the wall board', () => {
  it('are the same keys in both languages, none of them empty', () => {
    expect(textPaths(helpWordsIn['zh-CN'])).toEqual(textPaths(helpWordsIn.en));
    expect(textPaths(helpWordsIn.en).filter((path) => path.endsWith('(empty)'))).toEqual([]);
  });
});

describe('articles', () => {
  const none = { en: { yes: 0, no: 0 }, 'zh-CN': { yes: 0, no: 0 } };
  const titles = [
    {
      id: 1,
      title: { en: 'Returning a thing', 'zh-CN': '如何退货' },
      published: true,
      changed_at: 1,
      helped: none,
    },
    { id: 2, title: { en: '', 'zh-CN': '发货时间' }, published: false, changed_at: 2, helped: none },
  ];
  it('are found by words of a title in either language', () => {
    expect(foundArticles(titles, ' THING return').map(({ id }) => id)).toEqual([1]);
    expect(foundArticles(titles, '发货').map(({ id }) => id)).toEqual([2]);
    expect(foundArticles(titles, '')).toHaveLength(2);
  });
  it('show what readers answered where somebody did', () => {
    expect(answersOf(none)).toEqual([]);
    const helped = { ...none, 'zh-CN': { yes: 2, no: 1 } };
    expect(answersOf(helped)).toEqual([{ tag: 'zh-CN', yes: 2, no: 1 }]);
  });
  it('show the title of the other language where one has none', () => {
    expect(titles.map(({ title }) => titleIn(title, 'en'))).toEqual(['Returning a thing', '发货时间']);
  });
  it('have addresses of their own', () => {
    for (const article of [null, 'new', 7] as const) {
      const place = { at: 'articles', desk: 'c3', article } as const;
      expect(placeInHash(hashOf(place))).toEqual(place);
    }
    expect(placeInHash('#/c3/c4/12')).toEqual({ at: 'tickets', desk: 'c3', ticket: 'c4' });
    expect(seqInHash('#/c3/c4/12')).toBe(12);
    expect(placeInHash('#/c3/nothing')).toEqual({ at: 'tickets', desk: 'c3', ticket: null });
    expect(placeInHash('#/c3/board')).toEqual({ at: 'board', desk: 'c3' });
  });
});

describe('the form', () => {
  it('gives each further field a name of its own, ten at most', () => {
    let form = withField([]);
    form = withField(withField(form).slice(1));
    expect(form.map(({ name }) => name)).toEqual(['field-2', 'field-3']);
    for (let count = 0; count < 20; count += 1) form = withField(form);
    expect(new Set(form.map(({ name }) => name)).size).toBe(10);
  });
  it('moves a field by one place, and not past the ends', () => {
    const form = withField(withField([]));
    const names = (fields: typeof form): string[] => fields.map(({ name }) => name);
    expect(names(withMoved(form, 0, 1))).toEqual(['field-2', 'field-1']);
    expect(names(withMoved(form, 0, -1))).toEqual(['field-1', 'field-2']);
  });
});

describe('somebody who does nothing', () => {
  const idle = { now: 900_000, active: 0, minutes: 15, availability: 'online', byItself: false } as const;
  it('becomes away after the time, and comes back by itself', () => {
    expect(turn(idle)).toBe('away');
    expect(turn({ ...idle, now: 899_999 })).toBe(null);
    expect(turn({ ...idle, active: 890_000, availability: 'away', byItself: true })).toBe('online');
  });
  it('stays what it has set by hand', () => {
    expect(turn({ ...idle, availability: 'invisible' })).toBe(null);
    expect(turn({ ...idle, active: 890_000, availability: 'away' })).toBe(null);
    expect(turn({ ...idle, minutes: 0 })).toBe(null);
    expect([null, '0', '60', 'x', '7'].map(minutesOf)).toEqual([15, 0, 60, 15, 15]);
  });
});

describe('the wall board', () => {
  it('counts who waits, and since when the longest', () => {
    const ticket = (id: string, since: number | null): DeskTicket =>
      ({ id, state: 'open', waiting_since: since, owner: null }) as DeskTicket;
    const agents = [
      { present: true, availability: 'online' },
      { present: false, availability: 'online' },
      { present: true, availability: 'away' },
    ] as DeskAgent[];
    const board = boardOf([ticket('c1', 50), ticket('c2', 20), ticket('c3', null)], 3, agents, null);
    expect(board).toMatchObject({ waiting: 2, longestSince: 20, open: 3, online: 1, agents: 3, asked: null });
  });
});
