/** Asking again and again: the common part of long poll and short poll. */
import { ApiError } from '../errors.js';
import type { Item, PollAnswer } from '../types.js';
import { feedPath, type FeedRequest, type Receiver, type Wire } from './transport.js';

/** The heartbeat that the session is told: an answer comes at least this often. */
export const poll_heartbeat_ms = 25_000;
/** Beyond the wait that was asked for. */
export const poll_grace_ms = 12_000;

export interface NextPoll {
  /** Parameters besides the cursor. */
  parameters: Record<string, string>;
  /** How long the server may wait. */
  waitMs: number;
  /** How long to rest before asking. */
  restMs: number;
}

/** `plan` says how to ask next; `busy` is null before the first answer, then whether that one brought something. */
export function openPoll(
  request: FeedRequest,
  receiver: Receiver,
  plan: (busy: boolean | null, tookMs: number) => NextPoll,
): Wire {
  const { clock } = request.environment;
  const stop = new AbortController();
  let rest: unknown = null;
  let cursor = request.cursor;

  const ask = async ({ parameters, waitMs }: NextPoll): Promise<void> => {
    const began = clock.now();
    const path = feedPath(request, { ...parameters, cursor });
    const timeoutMs = waitMs + poll_grace_ms;
    const answer = await request.http.json<PollAnswer>({
      method: 'GET',
      path,
      timeoutMs,
      signal: stop.signal,
    });
    if (stop.signal.aborted) return;
    if (!Array.isArray(answer?.events)) throw ApiError.local('not_encke', 'The poll has no events.', true);
    cursor = answer.cursor;
    receiver.alive();
    receiver.items(pollItems(answer));
    if (stop.signal.aborted || answer.reset !== undefined || answer.bye !== undefined) return;
    const busy = answer.events.length > 0 || (answer.signals?.length ?? 0) > 0;
    const next = plan(busy, clock.now() - began);
    start(answer.more === true ? { ...next, restMs: 0 } : next);
  };
  const start = (next: NextPoll) => {
    const run = () =>
      void ask(next).catch((thrown) => !stop.signal.aborted && receiver.ended(ApiError.from(thrown)));
    if (next.restMs > 0) rest = clock.setTimeout(run, next.restMs);
    else run();
  };
  start(plan(null, 0));
  return {
    close: () => {
      // A poll that nobody waits for would hold one of the few connections that a browser has for a server.
      stop.abort();
      clock.clearTimeout(rest);
    },
  };
}

/** A poll's answer as the items that a stream would have brought. */
export function pollItems(answer: PollAnswer): Item[] {
  const items: Item[] = [...answer.events, ...(answer.signals ?? [])];
  if (answer.reset !== undefined)
    return [...items, { type: 'reset', reason: answer.reset, cursor: answer.cursor }];
  if (answer.more !== true)
    items.push({ type: 'ready', cursor: answer.cursor, heartbeat_ms: poll_heartbeat_ms });
  if (answer.bye !== undefined) items.push({ ...answer.bye, type: 'bye' });
  return items;
}
