/**
 * Server-sent events, by fetch where it streams: then heartbeats (comments, which EventSource hides) are seen and the
 * token goes in a header. Elsewhere by EventSource, with a ticket and without heartbeats. EventSource's own
 * reconnecting is never used: how and when to come back is the session's to say.
 */
import type { Environment } from '../environment.js';
import { ApiError } from '../errors.js';
import { parseItem } from '../item.js';
import { SseParser } from '../sse-parser.js';
import { openStream } from './stream.js';
import { feedPath, type FeedRequest, type Receiver, type Transport, type Wire } from './transport.js';

export const sse: Transport = {
  name: 'sse',
  polls: false,
  supported: (environment) => environment.streams || environment.EventSource !== null,
  heartbeats: (environment) => environment.streams,
  headerless: (environment) => !environment.streams,
  open(request, receiver) {
    const path = feedPath(request, { live: 'sse' });
    const { streams, EventSource } = request.environment;
    if (!streams && EventSource !== null) return openEventSource(request, EventSource, path, receiver);
    const parser = new SseParser();
    const parse = (piece: string) => parser.push(piece).flatMap((event) => parseItem(event.data));
    return openStream(request, path, 'text/event-stream', parse, receiver);
  },
};

function openEventSource(
  request: FeedRequest,
  make: NonNullable<Environment['EventSource']>,
  path: string,
  receiver: Receiver,
): Wire {
  // With a ticket the cookie must not speak as well, and an answer to a ticket does not let it.
  const source = make(request.http.url(path), request.ticket === null);
  const close = () => {
    source.onopen = source.onmessage = source.onerror = null;
    source.close();
  };
  source.onopen = () => receiver.alive();
  source.onerror = () => receiver.ended(null);
  source.onmessage = (event) => {
    receiver.alive();
    try {
      receiver.items(parseItem(String(event.data)));
    } catch (thrown) {
      receiver.ended(ApiError.from(thrown));
    }
  };
  return { close };
}
