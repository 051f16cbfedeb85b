/* Who waits for this agent: visitors without an owner, and its own. It decides when the agent is called. */
import type { DeskTicket } from '@encke/sdk/desk';

/** Tickets that are remembered. More than these wait for nobody to count them. */
export const waitersMax = 200;

export class Waiters {
  readonly #since: ReadonlyMap<string, number>;

  constructor(since: ReadonlyMap<string, number> = new Map()) {
    this.#since = since;
  }

  get count(): number {
    return this.#since.size;
  }

  has(ticket: string): boolean {
    return this.#since.has(ticket);
  }

  with(ticket: DeskTicket, me: string): Waiters {
    const since = new Map(this.#since);
    since.delete(ticket.id);
    if (waitsFor(ticket, me) && since.size < waitersMax) since.set(ticket.id, ticket.waiting_since ?? 0);
    return new Waiters(since);
  }

  /** Those who wait now and did not before, or wait anew. */
  since(before: Waiters): string[] {
    return [...this.#since].flatMap(([id, since]) => (before.#since.get(id) === since ? [] : [id]));
  }
}

export function waitsFor({ state, waiting_since, owner }: DeskTicket, me: string): boolean {
  return state === 'open' && waiting_since !== null && (owner === null || owner === me);
}
