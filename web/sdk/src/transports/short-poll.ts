/** An answer at once, asked for again after a rest that grows while nothing happens. Brings no signals. */
import { openPoll } from './poll.js';
import type { Transport } from './transport.js';

export const rest_ms_min = 1_000;
export const rest_ms_max = 10_000;

export const shortPoll: Transport = {
  name: 'short-poll',
  polls: true,
  supported: () => true,
  heartbeats: () => true,
  headerless: () => false,
  open(request, receiver) {
    let restMs = 0;
    return openPoll(request, receiver, (busy) => {
      if (busy !== null)
        restMs = busy ? rest_ms_min : Math.min(rest_ms_max, Math.max(rest_ms_min, restMs * 1.5));
      return { parameters: {}, waitMs: 0, restMs };
    });
  },
};
