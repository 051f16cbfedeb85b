import { describe, expect, it } from 'vitest';
import type { Conversation } from '@encke/sdk';
import { everything, listed, nothingLoaded, withPage } from '../src/model/pages';
import { Example, person } from './example';

const site = new Example(person('p1'), person('p2'));
const titles = ['Moon', 'Comet', 'Orbit', 'Comet dust', 'Sun'];
titles.forEach((title, index) => site.create(`c${index + 1}`, 'room', title, ['p2', 'p1']));
site.say('c2', 'p2', 'unread');
const newest = (ids: string[]): Conversation[] => ids.map((id) => site.conversation(id, 'p1'));
const all = newest(['c2', 'c5', 'c4', 'c3', 'c1']);
const ids = (list: readonly Conversation[]): string => list.map((one) => one.id).join(' ');
const title = (one: Conversation): string => one.title ?? '';
const nothing = { query: '', unread: false };

describe('the list by pages', () => {
  const first = withPage(nothingLoaded, { conversations: newest(['c2', 'c5']), before: 'two' });

  it('keeps back what is older than its last page, until the page between has come', () => {
    // c1 is known by its address; c4 and c3, which stand above it, are not.
    const known = newest(['c2', 'c5', 'c1']);
    expect(ids(listed(known, first, nothing, 'c1', title))).toBe('c2 c5');
    const second = withPage(first, { conversations: newest(['c4', 'c3']), before: 'four' });
    expect(ids(listed(all, second, nothing, null, title))).toBe('c2 c5 c4 c3');
    const third = withPage(second, { conversations: newest(['c1']), before: null });
    expect(ids(listed(all, third, nothing, null, title))).toBe('c2 c5 c4 c3 c1');
  });

  it('is not cut by an empty page that is not the last', () => {
    const empty = withPage(first, { conversations: [], before: 'more' });
    expect([empty.floor, empty.before]).toEqual([first.floor, 'more']);
  });

  it('shows at once what it knows of a search, and everything that the server finds', () => {
    const query = { query: 'comet', unread: false };
    expect(ids(listed(all, nothingLoaded, query, null, title))).toBe('c2 c4');
    // The server may know better what the conversation with somebody is called.
    const found = withPage(nothingLoaded, { conversations: newest(['c2', 'c3']), before: 'more' });
    expect(ids(listed(all, found, query, null, title))).toBe('c2 c4 c3');
    expect(ids(listed(all, everything, query, null, title))).toBe('c2 c4');
  });

  it('keeps the open conversation among the unread ones while it is read', () => {
    const unread = { query: '', unread: true };
    expect(ids(listed(all, everything, unread, null, title))).toBe('c2');
    expect(ids(listed(all, everything, unread, 'c3', title))).toBe('c2 c3');
  });
});
