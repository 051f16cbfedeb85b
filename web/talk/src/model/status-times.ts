/** The ends that are offered for a status, and the suggestions. */

export const ends = ['never', 'half', 'hour', 'hours', 'today', 'week', 'choose'] as const;
export type StatusEnd = (typeof ends)[number];

const minuteMs = 60_000;

/** The time of an offered end, as the clocks here show it; null for one that is no time. */
export function endAt(end: StatusEnd, now: number): number | null {
  const midnight = (days: number): number => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    return day.setHours(0, 0, 0, 0);
  };
  switch (end) {
    case 'half':
      return now + 30 * minuteMs;
    case 'hour':
      return now + 60 * minuteMs;
    case 'hours':
      return now + 240 * minuteMs;
    case 'today':
      return midnight(1);
    case 'week':
      // A week ends with Sunday.
      return midnight(8 - (new Date(now).getDay() || 7));
    default:
      return null;
  }
}

export interface Suggestion {
  readonly name: 'meeting' | 'travel' | 'sick' | 'holiday' | 'home';
  readonly emoji: string;
  readonly end: StatusEnd;
}

export const suggestions: readonly Suggestion[] = [
  { name: 'meeting', emoji: '📅', end: 'hour' },
  { name: 'travel', emoji: '🚌', end: 'half' },
  { name: 'home', emoji: '🏠', end: 'today' },
  { name: 'sick', emoji: '🤒', end: 'today' },
  { name: 'holiday', emoji: '🌴', end: 'never' },
];
