import { describe, expect, it } from 'vitest';
import type { DeskTicket, TicketList, TicketRow } from '@encke/sdk/desk';
import {
  belongs,
  emptyList,
  listOf,
  neighbour,
  pageSize,
  withFirstPage,
  withNextPage,
  withTicket,
  type Shown,
} from '../src/model/ticket-list';
import { Waiters } from '../src/model/waiters';
import { urgencyOf } from '../src/model/waiting';

const me = 'p1';
const queue: Shown = { view: 'unassigned', state: 'open' };
const mine: Shown = { view: 'mine', state: 'open' };

function ticket(number: number, change: Partial<DeskTicket> = {}): DeskTicket {
  return {
    id: `c${number}`,
    desk: 'c1',
    visitor: `p${number}`,
    state: 'open',
    speaker: 'nobody',
    owner: null,
    priority: 0,
    tags: [],
    asked_at: number,
    waiting_since: number,
    first_answer_at: null,
    resolved_at: null,
    snoozed_until: null,
    rating: null,
    changed_at: number,
    ...change,
  };
}

function row(one: DeskTicket): TicketRow {
  const visitor = { id: one.visitor, display_name: one.visitor, role: 'guest', presence: 'offline' } as const;
  return { ticket: one, visitor: { ...visitor, name: null }, last: null, unread: 0 } as unknown as TicketRow;
}

function page(tickets: readonly DeskTicket[], before: string | null = null): TicketList {
  const counts = { mine: 0, unassigned: tickets.length, all: tickets.length };
  return { tickets: tickets.map(row), counts, people: [], before };
}

const ids = (list: { rows: readonly TicketRow[] }): string[] => list.rows.map((each) => each.ticket.id);

describe('the list of tickets', () => {
  it('stands in the order of the queue: by priority, then who waits longest', () => {
    const list = listOf(page([ticket(5), ticket(6), ticket(7)]));
    const raised = withTicket(list, ticket(7, { priority: 2, changed_at: 20 }), queue, me);
    expect(ids(raised)).toEqual(['c7', 'c5', 'c6']);
    const all = withTicket(list, ticket(6, { changed_at: 30 }), { view: 'all', state: 'open' }, me);
    expect(ids(all)).toEqual(['c6', 'c7', 'c5']);
  });
  it('lets a ticket go that somebody has taken, and changes nothing by older news', () => {
    const list = listOf(page([ticket(5, { changed_at: 9 }), ticket(6)]));
    expect(ids(withTicket(list, ticket(5, { owner: 'p2', changed_at: 10 }), queue, me))).toEqual(['c6']);
    expect(withTicket(list, ticket(5, { owner: 'p2', changed_at: 8 }), queue, me)).toBe(list);
    expect(withTicket(list, ticket(9), queue, me)).toBe(list);
  });
  it('knows what belongs to a view', () => {
    expect(belongs(ticket(5, { owner: me }), mine, me)).toBe(true);
    expect(belongs(ticket(5, { owner: 'p2' }), mine, me)).toBe(false);
    expect(belongs(ticket(5, { owner: me, state: 'resolved' }), mine, me)).toBe(false);
    expect(belongs(ticket(5), { view: 'all', state: 'snoozed' }, me)).toBe(false);
  });
  it('keeps later pages when the first one is asked for again, and has nothing twice', () => {
    const numbers = Array.from({ length: pageSize }, (_, index) => index + 2);
    const first = page(
      numbers.map((number) => ticket(number)),
      'x',
    );
    const later = [ticket(100), ticket(101), ticket(2)];
    const whole = withNextPage(listOf(first), page(later));
    expect(ids(whole).length).toBe(pageSize + 2);
    const again = withFirstPage(whole, first, queue, me);
    expect(ids(again)).toEqual(ids(whole));
    expect(again.before).toBeNull();
  });
  it('goes from ticket to ticket and stops at both ends', () => {
    const list = listOf(page([ticket(5), ticket(6)]));
    expect([neighbour(list, null, 1), neighbour(list, 'c5', 1), neighbour(list, 'c6', 1)]).toEqual([
      'c5',
      'c6',
      null,
    ]);
    expect([neighbour(list, null, -1), neighbour(list, 'c5', -1)]).toEqual(['c6', null]);
    expect(neighbour(emptyList, null, 1)).toBeNull();
  });
});

describe('those who wait', () => {
  it('are visitors without an owner and the own ones; each is news once', () => {
    const before = new Waiters();
    const after = before.with(ticket(5), me);
    expect(after.since(before)).toEqual(['c5']);
    expect(after.with(ticket(5, { priority: 1 }), me).since(after)).toEqual([]);
    expect(after.with(ticket(5, { waiting_since: 77 }), me).since(after)).toEqual(['c5']);
    expect(after.with(ticket(5, { waiting_since: null }), me).count).toBe(0);
    expect(after.with(ticket(5, { owner: 'p2' }), me).count).toBe(0);
    expect(after.with(ticket(6, { owner: me }), me).count).toBe(2);
    expect(after.with(ticket(5, { state: 'resolved' }), me).count).toBe(0);
  });
  it('turn from green to red by the time that the desk sets', () => {
    expect([0, 29_000, 30_000, 59_999, 60_000].map((ms) => urgencyOf(ms, 60))).toEqual([
      'early',
      'early',
      'soon',
      'soon',
      'late',
    ]);
    expect(urgencyOf(299_000, 0)).toBe('soon');
  });
});
