/*
 * The part of a conversation's history that is loaded: a run of events without gaps. It ends at the newest, or it is a stretch
 * further back that somebody jumped to (`later`). Pages come from above, the feed adds below, both may overlap or come twice.
 * `seq` is gapless, so a hole is always seen; it is answered with what must be fetched, never shown as if it were all.
 */
import type { FeedEvent, HistoryPage } from '@encke/sdk';

/** Events kept for a thread that is not on screen; more are fetched again when it is scrolled. */
export const threadEventsKeptMax = 400;
export const historyPageSize = 60;
/** Events kept of a thread on screen: who scrolls further loses the other end, and gets it again by scrolling back. */
export const threadEventsMax = 1_200;

export interface Thread {
  readonly events: readonly FeedEvent[];
  /** Whether there is history before the first loaded event. */
  readonly earlier: boolean;
  /** Whether there is history after the last loaded event, which the feed does not bring. */
  readonly later: boolean;
  /** False until the newest page has come: until then the feed's events wait in `events` with whatever gap there is. */
  readonly loaded: boolean;
}

export const emptyThread: Thread = { events: [], earlier: true, later: false, loaded: false };

export function withEvents(thread: Thread, more: readonly FeedEvent[]): Thread {
  const last = thread.events.at(-1)?.seq ?? 0;
  const only = more[0];
  // The common case first: the next event of the feed.
  if (more.length === 1 && only !== undefined && only.seq > last)
    return { ...thread, events: [...thread.events, only] };
  const bySeq = new Map(thread.events.map((event) => [event.seq, event]));
  for (const event of more) bySeq.set(event.seq, event);
  return { ...thread, events: [...bySeq.values()].sort((a, b) => a.seq - b.seq) };
}

/** The newest page, as answered to a request without `before` or `after`. */
export function withNewestPage(thread: Thread, page: HistoryPage): Thread {
  return { ...withEvents(thread, page.events), earlier: page.more, later: false, loaded: true };
}

export function withEarlierPage(thread: Thread, page: HistoryPage): Thread {
  return { ...withEvents(thread, page.events), earlier: page.more };
}

/** The `seq` after which something is missing, up to a head that is known to exist; null when the run is whole. */
export function gapAfter(thread: Thread, head: number): number | null {
  for (let index = 1; index < thread.events.length; index += 1) {
    const before = thread.events[index - 1]?.seq ?? 0;
    if (thread.events[index]?.seq !== before + 1) return before;
  }
  const last = thread.events.at(-1)?.seq ?? 0;
  return thread.loaded && last < head ? last : null;
}

/** A stretch around an event, as answered to a request for what is before something a little later. */
export function stretchOf(page: HistoryPage): Thread {
  return { ...withEvents(emptyThread, page.events), earlier: page.more, later: true, loaded: true };
}

/** What comes after a stretch. */
export function withLaterPage(thread: Thread, page: HistoryPage): Thread {
  return { ...withEvents(thread, page.events), later: page.more };
}

/** The thread at its end and a stretch further back, as one; null while something between them is missing. */
export function joined(newest: Thread, stretch: Thread): Thread | null {
  const first = newest.events[0]?.seq;
  const last = stretch.events.at(-1)?.seq ?? 0;
  if (stretch.later && (first === undefined || last + 1 < first)) return null;
  return { ...withEvents(newest, stretch.events), earlier: stretch.earlier, later: false };
}

/** A thread that has grown too long at its beginning becomes a stretch, one that has at its end begins later. */
export function bounded(thread: Thread, grown: 'earlier' | 'later'): Thread {
  if (thread.events.length <= threadEventsMax) return thread;
  return grown === 'earlier'
    ? { ...thread, events: thread.events.slice(0, threadEventsMax), later: true }
    : { ...thread, events: thread.events.slice(-threadEventsMax), earlier: true };
}

/** The part of a thread that is kept when the person leaves it. */
export function shortened(thread: Thread): Thread {
  if (thread.events.length <= threadEventsKeptMax) return thread;
  return { ...thread, events: thread.events.slice(-threadEventsKeptMax), earlier: true };
}
