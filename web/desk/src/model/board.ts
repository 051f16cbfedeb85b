/* The numbers of the wall board, made of what the server lists and sums up. */
import type { DeskAgent, DeskReport, DeskTicket } from '@encke/sdk/desk';

export interface Board {
  readonly waiting: number;
  readonly open: number;
  /** Since when the visitor waits that waits longest; null if nobody does. */
  readonly longestSince: number | null;
  readonly online: number;
  readonly agents: number;
  readonly asked: number | null;
  readonly resolved: number | null;
  readonly firstAnswerMs: number | null;
  readonly stars: number | null;
}

/** The tickets in which somebody waits, as far as they are listed. */
export function longestSince(tickets: readonly DeskTicket[]): number | null {
  const since = tickets.flatMap(({ state, waiting_since }) =>
    state === 'open' && waiting_since !== null ? [waiting_since] : [],
  );
  return since.length === 0 ? null : Math.min(...since);
}

export const isThere = ({ present, availability }: DeskAgent): boolean =>
  present && availability === 'online';

/** Those who may not see reports have no numbers of the day. */
export function boardOf(
  tickets: readonly DeskTicket[],
  open: number,
  agents: readonly DeskAgent[],
  report: DeskReport | null,
): Board {
  const waiting = tickets.filter(({ state, waiting_since }) => state === 'open' && waiting_since !== null);
  return {
    waiting: report?.now.waiting ?? waiting.length,
    open: report?.now.open ?? open,
    longestSince: longestSince(tickets),
    online: agents.filter(isThere).length,
    agents: agents.length,
    asked: report?.total.asked ?? null,
    resolved: report?.total.resolved ?? null,
    firstAnswerMs: report?.total.first_answer_ms ?? null,
    stars: report?.total.stars ?? null,
  };
}
