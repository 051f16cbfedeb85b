/*
 * A thread as a list of rows, one for each line on screen: events and messages on their way, cut by days, by the line
 * above which everything was seen, and grouped by author. Pure: same input, same rows; equal keys are the same row.
 */
import type { Amended, Conversation, FeedEvent, MessageEvent, Outgoing } from '@encke/sdk';
import { textOf } from './amendments';
import { reachOf, type Reach } from './tick';

/** Messages of one author within this time stand together. */
export const groupMs = 5 * 60_000;

export interface MessageRow {
  readonly kind: 'message';
  readonly key: string;
  readonly event: MessageEvent;
  readonly own: boolean;
  /** The text that it has now. */
  readonly text: string;
  /** What has been made of it since it was written. */
  readonly amended: Amended | undefined;
  /** First and last of a group. */
  readonly first: boolean;
  readonly last: boolean;
  /** Only for own messages. */
  readonly reach: Reach | null;
}
export interface OutgoingRow {
  readonly kind: 'outgoing';
  readonly key: string;
  readonly outgoing: Outgoing;
  readonly first: boolean;
  readonly last: boolean;
}
export interface SystemRow {
  readonly kind: 'system';
  readonly key: string;
  readonly event: FeedEvent;
  /** What is left of a message that was recalled: its thread. */
  readonly amended: Amended | undefined;
}
export interface DayRow {
  readonly kind: 'day';
  readonly key: string;
  readonly at: number;
}
export interface NewRow {
  readonly kind: 'new';
  readonly key: 'new';
}
/** Something of the screen's own that stands among the messages at its time. */
export interface Aside {
  readonly id: string;
  readonly at: number;
}
export interface AsideRow {
  readonly kind: 'aside';
  readonly key: string;
  readonly aside: Aside;
}
export type Row = MessageRow | OutgoingRow | SystemRow | DayRow | NewRow | AsideRow;

export interface RowsInput {
  readonly events: readonly FeedEvent[];
  readonly outgoing: readonly Outgoing[];
  readonly conversation: Conversation;
  readonly me: string;
  /** By the `seq` of the message. */
  readonly amended: ReadonlyMap<number, Amended>;
  /** The `seq` of events that this person has hidden from itself. */
  readonly hidden: ReadonlySet<number>;
  /** The line "new messages" stands after this `seq`; null: no line. */
  readonly newAfter: number | null;
}

export function rowsOf({
  events,
  outgoing,
  conversation,
  me,
  amended: amendedBy,
  hidden,
  newAfter,
}: RowsInput): Row[] {
  const joined = joinsIn(events);
  const echoed = new Set(events.map((event) => (event.from === me ? event.key : undefined)));
  const rows: Row[] = [];
  let day = '';
  let lineDrawn = newAfter === null;

  const dayBefore = (at: number): void => {
    const here = new Date(at).toDateString();
    if (here === day) return;
    day = here;
    rows.push({ kind: 'day', key: `day:${here}`, at });
  };

  for (const event of events) {
    // The beginning of a thread is the message above it, that of a ticket the question.
    if (event.kind === 'created' && (event.body.kind === 'thread' || event.body.kind === 'ticket')) continue;
    if (hidden.has(event.seq)) continue;
    dayBefore(event.at);
    if (
      !lineDrawn &&
      newAfter !== null &&
      event.seq > newAfter &&
      !(event.kind === 'message' && event.from === me)
    ) {
      rows.push({ kind: 'new', key: 'new' });
      lineDrawn = true;
    }
    if (event.kind !== 'message') {
      const amended = amendedBy.get(event.seq);
      rows.push({ kind: 'system', key: `seq:${event.seq}`, event, amended });
      continue;
    }
    const own = event.from === me;
    // An own message keeps the row that it had while it was on its way.
    const key = own && event.key !== undefined ? `key:${event.key}` : `seq:${event.seq}`;
    const reach = own ? reachOf(event.seq, me, conversation, joined) : null;
    const amended = amendedBy.get(event.seq);
    const text = textOf(event, amended);
    rows.push({ kind: 'message', key, event, own, text, amended, first: true, last: true, reach });
  }
  for (const message of outgoing) {
    if (echoed.has(message.key)) continue;
    dayBefore(message.createdAt);
    rows.push({ kind: 'outgoing', key: `key:${message.key}`, outgoing: message, first: true, last: true });
  }
  return grouped(rows, me);
}

/**
 * New rows, in which those that have not changed are the very objects from before: then a view draws only what changed, not
 * all that is on screen. The list itself is the one from before if nothing has changed.
 */
export function withSame(before: readonly Row[], after: readonly Row[]): readonly Row[] {
  const known = new Map(before.map((row) => [row.key, row]));
  const rows = after.map((row) => {
    const old = known.get(row.key);
    return old !== undefined && isSame(old, row) ? old : row;
  });
  return rows.length === before.length && rows.every((row, index) => row === before[index]) ? before : rows;
}

function isSame(one: Row, other: Row): boolean {
  const a: Readonly<Record<string, unknown>> = { ...one };
  return Object.entries(other).every(([name, value]) =>
    name === 'reach' ? JSON.stringify(a[name]) === JSON.stringify(value) : a[name] === value,
  );
}

/** The `seq` at which members joined, as far as the loaded history tells. */
function joinsIn(events: readonly FeedEvent[]): Map<string, number> {
  return new Map(
    events.flatMap((event) => (event.kind === 'member_joined' ? [[event.body.person.id, event.seq]] : [])),
  );
}

function grouped(rows: readonly Row[], me: string): Row[] {
  const joins = (above: Row | undefined, below: Row | undefined): boolean => {
    const a = writing(above, me);
    const b = writing(below, me);
    return a !== null && b !== null && a.author === b.author && b.at - a.at < groupMs;
  };
  return rows.map((row, index) =>
    row.kind === 'message' || row.kind === 'outgoing'
      ? { ...row, first: !joins(rows[index - 1], row), last: !joins(row, rows[index + 1]) }
      : row,
  );
}

function writing(row: Row | undefined, me: string): { author: string; at: number } | null {
  if (row?.kind === 'message') return { author: row.event.from ?? '', at: row.event.at };
  if (row?.kind === 'outgoing') return { author: me, at: row.outgoing.createdAt };
  return null;
}
