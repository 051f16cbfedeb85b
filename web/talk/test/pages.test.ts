import { describe, expect, it } from 'vitest';
import type { Conversation } from '@encke/sdk';
import { unchosen } from '../src/model/choices';
import { everything, listed, noFilter, nothingLoaded, withPage } from '../src/model/pages';
import { Example, person } from './example';

const site = new Example(person('p1'), person('p2'));
const titles = ['Moon', 'Comet', 'Orbit', 'Comet dust', 'Sun'];
titles.forEach((title, index) => site.create(`c${index + 1}`, 'room', title, ['p2', 'p1']));
site.say('c2', 'p2', 'unread');
const newest = (ids: string[]): Conversation[] => ids.map((id) => site.conversation(id, 'p1'));
const all = newest(['c2', 'c5', 'c4', 'c3', 'c1']);
const ids = (list: readonly Conversation[]): string => list.map((one) => one.id).join(' ');
const title = (one: Conversation): string => one.title ?? '';

describe('the list by pages', () => {
  const first = withPage(nothingLoaded, { conversations: newest(['c2', 'c5']), before: 'two' });

  it('keeps back what is older than its last page, until the page between has come', () => {
    // c1 is known by its address; c4 and c3, which stand above it, are not.
    const known = newest(['c2', 'c5', 'c1']);
    expect(ids(listed(known, first, noFilter, 'c1', title))).toBe('c2 c5');
    const second = withPage(first, { conversations: newest(['c4', 'c3']), before: 'four' });
    expect(ids(listed(all, second, noFilter, null, title))).toBe('c2 c5 c4 c3');
    const third = withPage(second, { conversations: newest(['c1']), before: null });
    expect(ids(listed(all, third, noFilter, null, title))).toBe('c2 c5 c4 c3 c1');
  });

  it('is not cut by an empty page that is not the last', () => {
    const empty = withPage(first, { conversations: [], before: 'more' });
    expect([empty.floor, empty.before]).toEqual([first.floor, 'more']);
  });

  it('shows at once what it knows of a search, and everything that the server finds', () => {
    const query = { ...noFilter, query: 'comet' };
    expect(ids(listed(all, nothingLoaded, query, null, title))).toBe('c2 c4');
    // The server may know better what the conversation with somebody is called.
    const found = withPage(nothingLoaded, { conversations: newest(['c2', 'c3']), before: 'more' });
    expect(ids(listed(all, found, query, null, title))).toBe('c2 c4 c3');
    expect(ids(listed(all, everything, query, null, title))).toBe('c2 c4');
  });

  it('keeps the open conversation among the unread ones while it is read', () => {
    const unread = { ...noFilter, unread: true };
    expect(ids(listed(all, everything, unread, null, title))).toBe('c2');
    expect(ids(listed(all, everything, unread, 'c3', title))).toBe('c2 c3');
  });

  it('has pinned ones above the others, however old, and archived ones only in the archive or a search', () => {
    const [c2, c5, c4, c3, c1] = all;
    if (!c1 || !c2 || !c3 || !c4 || !c5) throw new Error('five conversations');
    const pinned = { ...c1, choices: { ...unchosen, pinned: true } };
    const away = { ...c5, choices: { ...unchosen, archived: true } };
    const work = { ...c4, choices: { ...unchosen, folder: 'Work' } };
    const chosen = [c2, away, work, c3, pinned];
    const shown = (filter: Partial<typeof noFilter>, loaded = everything): string =>
      ids(listed(chosen, loaded, { ...noFilter, ...filter }, null, title));
    expect(shown({})).toBe('c1 c2 c4 c3');
    expect(shown({}, first)).toBe('c1 c2');
    expect(shown({ archived: true })).toBe('c5');
    expect(shown({ folder: 'Work' })).toBe('c4');
    expect(shown({ query: 'o' })).toBe('c2 c4 c3 c1');
    expect(shown({ query: 'sun', archived: true })).toBe('c5');
  });
});
