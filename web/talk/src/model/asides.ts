/* What a screen puts among the messages of a conversation, such as notes. A module of its own: other screens don't load it. */
import type { Aside, Row } from './rows';
import type { Thread } from './thread';

/** Rows with asides at their times. `asides` have the oldest first; those of times that are not loaded wait for their messages. */
export function withAsides(
  rows: readonly Row[],
  asides: readonly Aside[],
  { events, earlier, later }: Pick<Thread, 'events' | 'earlier' | 'later'>,
): Row[] {
  const from = earlier ? (events[0]?.at ?? Infinity) : 0;
  const to = later ? (events.at(-1)?.at ?? 0) : Infinity;
  const waiting = asides.filter(({ at }) => at >= from && at <= to);
  const all: Row[] = [];
  let day = '';
  const put = (aside: Aside): void => {
    const here = new Date(aside.at).toDateString();
    if (here !== day) all.push({ kind: 'day', key: `day:${here}`, at: aside.at });
    day = here;
    all.push({ kind: 'aside', key: `aside:${aside.id}`, aside });
  };
  for (const row of rows) {
    const at = timeOf(row);
    for (let next = waiting[0]; next !== undefined && next.at < at; next = waiting[0]) {
      waiting.shift();
      put(next);
    }
    if (row.kind === 'day') {
      const here = new Date(row.at).toDateString();
      if (here === day) continue;
      day = here;
    }
    all.push(row);
  }
  waiting.forEach(put);
  return apart(all);
}

/** A day begins before everything of it; the line "new messages" stands where it is. */
function timeOf(row: Row): number {
  if (row.kind === 'day') return new Date(row.at).setHours(0, 0, 0, 0);
  if (row.kind === 'message' || row.kind === 'system') return row.event.at;
  return row.kind === 'outgoing' ? row.outgoing.createdAt : 0;
}

/** Messages with something between them are no group. */
function apart(rows: readonly Row[]): Row[] {
  return rows.map((row, index) => {
    if (row.kind !== 'message' && row.kind !== 'outgoing') return row;
    const first = row.first || rows[index - 1]?.kind === 'aside';
    const last = row.last || rows[index + 1]?.kind === 'aside';
    return first === row.first && last === row.last ? row : { ...row, first, last };
  });
}
