/* How long somebody waits, and how bad that is. */

/** The time in which an answer is due where the desk says nothing. */
export const answerWithinMs = 5 * 60_000;

/** In time, soon too late, too late. */
export type Urgency = 'early' | 'soon' | 'late';

export function urgencyOf(waitedMs: number, withinS: number): Urgency {
  const within = withinS > 0 ? withinS * 1000 : answerWithinMs;
  if (waitedMs >= within) return 'late';
  return waitedMs >= within / 2 ? 'soon' : 'early';
}

/** A time as a clock has it within the hour, in its two largest units after that. */
export interface Span {
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

export function spanOf(ms: number): Span {
  const all = Math.max(0, Math.floor(ms / 1000));
  return {
    days: Math.floor(all / 86_400),
    hours: Math.floor(all / 3_600) % 24,
    minutes: Math.floor(all / 60) % 60,
    seconds: all % 60,
  };
}

/** `4:05` within the hour. */
export function clockOf({ minutes, seconds }: Span): string {
  return `${minutes}:${String(seconds).padStart(2, '0')}`;
}
