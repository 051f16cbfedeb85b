import type { FeedEvent, MessageEvent } from '@encke/sdk';
import type { DeskTicket, TicketPage } from '@encke/sdk/desk';

/** The tickets into which this one may be merged: others of its visitor that go on, the newest first. */
export function othersOf(page: TicketPage | null): readonly DeskTicket[] {
  return page?.earlier.filter(({ merged_into }) => merged_into === undefined) ?? [];
}

/** Messages of a ticket that are offered to split it at, the newest first. */
const splitChoicesMax = 30;

/** The messages of the visitor, at which a ticket is split; also what it wrote before it was merged into another contact. */
export function splitChoices(
  events: readonly FeedEvent[],
  isVisitor: (person: string) => boolean,
): readonly MessageEvent[] {
  const said = events.filter(
    (event): event is MessageEvent => event.kind === 'message' && isVisitor(event.from ?? ''),
  );
  return said.slice(-splitChoicesMax).reverse();
}
