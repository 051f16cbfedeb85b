/** A response body read piece by piece: the common part of SSE and NDJSON over fetch. */
import { ApiError } from '../errors.js';
import type { Item } from '../types.js';
import type { FeedRequest, Receiver, Wire } from './transport.js';

/** `parse` answers the items that a piece of text completes. */
export function openStream(
  request: FeedRequest,
  path: string,
  accept: string,
  parse: (piece: string) => Item[],
  receiver: Receiver,
): Wire {
  const stop = new AbortController();
  const end = (error: ApiError | null) => {
    if (stop.signal.aborted) return;
    stop.abort();
    receiver.ended(error);
  };
  read(request, path, accept, parse, receiver, stop.signal).then(
    () => end(null),
    (thrown) => end(ApiError.from(thrown)),
  );
  return { close: () => stop.abort() };
}

async function read(
  request: FeedRequest,
  path: string,
  accept: string,
  parse: (piece: string) => Item[],
  receiver: Receiver,
  signal: AbortSignal,
): Promise<void> {
  const response = await request.http.open({ method: 'GET', path, headers: { Accept: accept } }, signal);
  const type = response.headers.get('Content-Type') ?? '';
  if (!type.startsWith(accept)) {
    throw ApiError.local(
      'not_encke',
      `The feed came as "${type}": something on the way answered instead.`,
      true,
    );
  }
  if (response.body === null) throw ApiError.local('not_encke', 'The feed has no body.', true);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (signal.aborted) return void reader.cancel().catch(() => undefined);
    if (done) return;
    receiver.alive();
    const items = parse(decoder.decode(value, { stream: true }));
    if (items.length > 0) receiver.items(items);
  }
}
