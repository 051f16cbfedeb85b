/*
 * The list of tickets: what an answer brought, moved forward by the tickets that are told of. A ticket that comes into the list
 * is asked for, because what is told of it has no names and no message.
 */
import type { DeskTicket, TicketList as Page, TicketRow, TicketState, TicketView } from '@encke/sdk/desk';

export interface Shown {
  readonly view: TicketView;
  readonly state: TicketState;
}

export interface TicketList {
  readonly rows: readonly TicketRow[];
  readonly counts: Readonly<Record<TicketView, number>>;
  /** Where the next page begins; null if there is none. */
  readonly before: string | null;
}

export const emptyList: TicketList = {
  rows: [],
  counts: { mine: 0, unassigned: 0, all: 0 },
  before: null,
};

export const pageSize = 50;

export function listOf({ tickets, counts, before }: Page): TicketList {
  return { rows: tickets, counts, before };
}

/** The first page as it is now; rows of later pages stay, but for those that are in it. */
export function withFirstPage(list: TicketList, page: Page, shown: Shown, me: string): TicketList {
  const first = listOf(page);
  if (first.before === null || list.rows.length <= pageSize) return first;
  const known = new Set(first.rows.map(({ ticket }) => ticket.id));
  const last = first.rows.at(-1);
  const rest = list.rows.filter(
    (row) =>
      !known.has(row.ticket.id) &&
      belongs(row.ticket, shown, me) &&
      last !== undefined &&
      inOrder(shown)(last, row) < 0,
  );
  return { rows: [...first.rows, ...rest], counts: first.counts, before: list.before };
}

export function withNextPage(list: TicketList, page: Page): TicketList {
  const known = new Set(list.rows.map(({ ticket }) => ticket.id));
  const rows = [...list.rows, ...page.tickets.filter(({ ticket }) => !known.has(ticket.id))];
  return { rows, counts: page.counts, before: page.before };
}

/** A ticket as it is now. Older news change nothing. */
export function withTicket(list: TicketList, ticket: DeskTicket, shown: Shown, me: string): TicketList {
  const before = list.rows.find((row) => row.ticket.id === ticket.id);
  if (before === undefined || before.ticket.changed_at > ticket.changed_at) return list;
  const rows = belongs(ticket, shown, me)
    ? list.rows.map((row) => (row === before ? { ...row, ticket } : row)).sort(inOrder(shown))
    : list.rows.filter((row) => row !== before);
  return { ...list, rows };
}

export function belongs(ticket: DeskTicket, { view, state }: Shown, me: string): boolean {
  if (ticket.state !== state) return false;
  return view === 'all' || (view === 'mine' ? ticket.owner === me : ticket.owner === null);
}

/** The queue stands as it will be served: by priority, then who waits longest. All else with the newest change first. */
export function inOrder({ view, state }: Shown): (a: TicketRow, b: TicketRow) => number {
  const isQueue = view === 'unassigned' && state === 'open';
  return ({ ticket: a }, { ticket: b }) =>
    isQueue
      ? b.priority - a.priority ||
        (a.waiting_since ?? Infinity) - (b.waiting_since ?? Infinity) ||
        number(a.id) - number(b.id)
      : b.changed_at - a.changed_at || number(b.id) - number(a.id);
}

/** The ticket `step` places after the open one; stops at both ends. */
export function neighbour(list: TicketList, open: string | null, step: 1 | -1): string | null {
  const at = list.rows.findIndex(({ ticket }) => ticket.id === open);
  const next = at < 0 ? (step === 1 ? 0 : list.rows.length - 1) : at + step;
  return list.rows[next]?.ticket.id ?? null;
}

const number = (id: string): number => Number(id.slice(1));
