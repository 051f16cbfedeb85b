/* When somebody who does nothing counts as away. What a person has set by hand stays. */
import type { Availability } from '@encke/sdk/desk';

/** Minutes to choose from; 0 for never. */
export const awayMinutes = [0, 5, 10, 15, 30, 60] as const;
export const awayMinutesAtFirst = 15;

export function minutesOf(stored: string | null): number {
  const minutes = stored === null ? awayMinutesAtFirst : Number(stored);
  return awayMinutes.find((each) => each === minutes) ?? awayMinutesAtFirst;
}

export interface Idling {
  readonly now: number;
  /** When the person did something last. */
  readonly active: number;
  readonly minutes: number;
  readonly availability: Availability;
  /** Whether it is away because of this, and not by its own hand. */
  readonly byItself: boolean;
}

/** What is to be set now; null for nothing. */
export function turn({ now, active, minutes, availability, byItself }: Idling): Availability | null {
  const idle = minutes > 0 && now - active >= minutes * 60_000;
  if (idle) return availability === 'online' ? 'away' : null;
  return byItself && availability === 'away' ? 'online' : null;
}
