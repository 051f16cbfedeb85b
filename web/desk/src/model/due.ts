/* What is due at a ticket next, and how bad that is. */
import type { DeskTicket } from '@encke/sdk/desk';
import type { Urgency } from './waiting';

export type Promised = 'first' | 'answer' | 'resolution';

export interface NextDue {
  readonly what: Promised;
  readonly at: number;
  /** Since when it is promised. */
  readonly since: number;
}

/** The next thing that is due at an open ticket; null if nothing was promised. An answer comes before the resolution. */
export function nextDue(ticket: DeskTicket): NextDue | null {
  const { due, state, first_answer_at, waiting_since, asked_at } = ticket;
  if (due == null || state !== 'open') return null;
  if (due.first != null && first_answer_at === null) return { what: 'first', at: due.first, since: asked_at };
  if (due.answer != null && waiting_since !== null)
    return { what: 'answer', at: due.answer, since: waiting_since };
  if (due.resolution != null) return { what: 'resolution', at: due.resolution, since: asked_at };
  return null;
}

/** Red when it is too late, yellow in the last quarter of the time. */
export function urgencyOfDue({ at, since }: NextDue, now: number): Urgency {
  if (now > at) return 'late';
  return at - now <= (at - since) / 4 ? 'soon' : 'early';
}
