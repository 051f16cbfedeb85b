/**
 * A transport is a way for items to come. It has no memory, repeats nothing and judges nothing; all six mean
 * the same. Entry point: `open`.
 */
import type { Environment } from '../environment.js';
import type { ApiError } from '../errors.js';
import type { Http } from '../http.js';
import type { Command, Item, TransportName } from '../types.js';

export interface FeedRequest {
  readonly http: Http;
  readonly environment: Environment;
  readonly cursor: string;
  readonly channels: readonly string[];
  readonly client: string;
  /** For a transport that is `headerless`, where there is a token. */
  readonly ticket: string | null;
}

export interface Receiver {
  /** Something came, be it a heartbeat. */
  alive(): void;
  items(items: Item[]): void;
  /** The end; at most once, and not after `close`. The error is what was said, if anything; `close` follows. */
  ended(error: ApiError | null): void;
}

export interface Wire {
  close(): void;
  /** Only where commands can go up. */
  send?(command: Command): void;
}

export interface Transport {
  readonly name: TransportName;
  /** Whether this environment can do it. */
  supported(environment: Environment): boolean;
  /** Whether heartbeats can be seen; without them silence proves nothing. */
  heartbeats(environment: Environment): boolean;
  /** Whether it can't send an Authorization header. */
  headerless(environment: Environment): boolean;
  /** Whether every request presents the cursor, so that no ack is needed. */
  readonly polls: boolean;
  open(request: FeedRequest, receiver: Receiver): Wire;
}

/** The feed's path; `extra` overrides the cursor and adds what the transport needs. */
export function feedPath(request: FeedRequest, extra: Record<string, string> = {}): string {
  const query = new URLSearchParams({ cursor: request.cursor, client: request.client });
  if (request.channels.length > 0) query.set('channels', request.channels.join(','));
  if (request.ticket !== null) query.set('ticket', request.ticket);
  for (const [name, value] of Object.entries(extra)) query.set(name, value);
  return `/v1/feed?${query}`;
}
