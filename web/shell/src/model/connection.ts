/** The connection in the few words that a person needs. */
import type { ConnectionState } from '@encke/sdk';

export type Health = 'live' | 'connecting' | 'waiting' | 'offline';

export function healthOf(state: ConnectionState): Health {
  return state.phase === 'stopped' ? 'connecting' : state.phase;
}

/** Whole seconds until the next try; null when none is planned. */
export function retryInSeconds(state: ConnectionState, now: number): number | null {
  if (state.phase !== 'waiting' || state.retryAt === null) return null;
  return Math.max(0, Math.ceil((state.retryAt - now) / 1000));
}
