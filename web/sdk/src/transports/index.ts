/** The six, by name. */
import type { TransportName } from '../types.js';
import { iframe } from './iframe.js';
import { longPoll } from './long-poll.js';
import { ndjson } from './ndjson.js';
import { shortPoll } from './short-poll.js';
import { sse } from './sse.js';
import type { Transport } from './transport.js';
import { websocket } from './websocket.js';

export const transports: Readonly<Record<TransportName, Transport>> = {
  websocket,
  sse,
  ndjson,
  'long-poll': longPoll,
  iframe,
  'short-poll': shortPoll,
};
