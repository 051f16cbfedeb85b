/** An answer as soon as there is one. The first asks without waiting, so that an idle feed is known to be live at once. */
import { openPoll } from './poll.js';
import type { Transport } from './transport.js';

export const wait_s = 25;
/** An empty answer that comes too early is a proxy's or a fault's; without a rest it would be a storm. */
export const early_rest_ms = 1_000;

export const longPoll: Transport = {
  name: 'long-poll',
  polls: true,
  supported: () => true,
  heartbeats: () => true,
  headerless: () => false,
  open(request, receiver) {
    let waited = false;
    return openPoll(request, receiver, (busy, tookMs) => {
      const early = waited && busy === false && tookMs < early_rest_ms;
      waited = busy !== null;
      const wait = waited ? wait_s : 0;
      return {
        parameters: { live: 'long-poll', wait: String(wait) },
        waitMs: wait * 1000,
        restMs: early ? early_rest_ms : 0,
      };
    });
  },
};
