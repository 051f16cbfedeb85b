import type { Conversation, FeedEvent, Member, Person } from '@encke/sdk';
import type { World } from '@encke/talk';
import { describe, expect, it } from 'vitest';
import { listed, MemberPages } from '../src/model/member-pages';

const member = (person: string, role: Member['role'] = 'member'): Member => ({
  person,
  role,
  delivered: 0,
  read: 0,
});
const person = (id: string, display_name: string): Person => ({
  id,
  name: id,
  display_name,
  role: 'member',
  presence: 'offline',
});
const names = { p1: 'Zoe', p2: 'Ann', p3: 'Ben', p4: '林晓雨', p5: 'Eve' };
const world = {
  me: { ...person('p1', 'Zoe'), site_name: 'Example' },
  people: new Map(Object.entries(names).map(([id, name]) => [id, person(id, name)])),
} as unknown as World;
const room = (member_count: number, members: Member[]): Conversation => ({
  id: 'c1',
  kind: 'room',
  title: 'Room',
  open: true,
  role: 'member',
  member_count,
  members,
  joined_seq: 1,
  head_seq: 1,
  read_seq: 1,
  unread: 0,
  mentions: [],
  receipts_seq: 0,
  last: null,
});
const ids = (members: readonly Member[]): string[] => members.map((one) => one.person);
const happened = (kind: string, body: object): FeedEvent =>
  ({ type: 'event', cursor: 'e.1', stream: 'c1', seq: 2, at: 0, kind, body }) as unknown as FeedEvent;

describe('the list of members', () => {
  it('has everybody of a small room: oneself, owners, then by name', () => {
    const small = room(4, [member('p4'), member('p3'), member('p2', 'owner'), member('p1')]);
    expect(ids(listed(small, world, null, '', 'en'))).toEqual(['p1', 'p2', 'p3', 'p4']);
    expect(ids(listed(small, world, null, ' BEN', 'en'))).toEqual(['p3']);
  });

  it('has the pages of a large room behind oneself and its owners, each member once', () => {
    const large = room(9, [member('p5', 'owner'), member('p2'), member('p1')]);
    const first = new MemberPages().with({
      members: [member('p5', 'owner'), member('p2')],
      people: [],
      next: '1:p2',
    });
    expect(first.next).toBe('1:p2');
    const both = first.with({ members: [member('p2'), member('p3')], people: [] });
    expect(both.next).toBeUndefined();
    expect(ids(listed(large, world, both, '', 'en'))).toEqual(['p1', 'p5', 'p2', 'p3']);
    expect(ids(listed(large, world, both, 'b', 'en'))).toEqual(['p5', 'p2', 'p3']);
  });

  it('follows who leaves and whose role changes', () => {
    let pages = new MemberPages().with({ members: [member('p2'), member('p3')], people: [], next: '1:p3' });
    pages = pages.after(happened('member_left', { person: 'p2', by: 'p2' }));
    pages = pages.after(happened('role_changed', { person: 'p3', role: 'owner', by: 'p1' }));
    expect(pages.members).toEqual([member('p3', 'owner')]);
    expect(pages.next).toBe('1:p3');
    expect(pages.after(happened('message', { text: 'x' }))).toBe(pages);
  });
});
