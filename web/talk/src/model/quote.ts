/* The message that another one answers, as the quote shows it. Only its number is stored, so a quote is never a copy (P10). */
import type { Amended, FeedEvent } from '@encke/sdk';
import { textOf } from './amendments';

export type Quoted =
  | { readonly kind: 'message'; readonly from: string; readonly text: string }
  | { readonly kind: 'recalled' }
  /** It is not a message, or this person may not see it. */
  | { readonly kind: 'hidden' };

/** What is shown of an event; null is one that the server does not give. */
export function quotedOf(event: FeedEvent | null, amended: Amended | undefined): Quoted {
  if (event?.kind === 'erased') return { kind: 'recalled' };
  if (event?.kind !== 'message') return { kind: 'hidden' };
  const files = (event.body.files ?? []).map((file) => file.name);
  const text = textOf(event, amended);
  return { kind: 'message', from: event.from ?? '', text: text === '' ? files.join(', ') : text };
}

/** The event with this number in a run of events. Nearly every run is without gaps, so the place follows from the number. */
export function eventAt(events: readonly FeedEvent[], seq: number): FeedEvent | undefined {
  const first = events[0]?.seq ?? Infinity;
  const last = events.at(-1)?.seq ?? 0;
  if (seq < first || seq > last) return undefined;
  const there = events[seq - first];
  return there?.seq === seq ? there : events.find((event) => event.seq === seq);
}
