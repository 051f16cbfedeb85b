/* The times that are offered for a message that is sent later, and for a reminder. */
import type { Locale } from '@encke/ui/plain';
import { daysBetween } from '@encke/ui/plain';

/** The hour of the day at which people begin. */
const morningHour = 9;
const hourMs = 3_600_000;
/** The server takes times up to so many days ahead. */
export const daysAheadMax = 366;

export type TimeName = 'hour' | 'tomorrow' | 'monday';

export interface OfferedTime {
  readonly name: TimeName;
  readonly at: number;
}

/** In an hour, tomorrow morning and Monday morning, as the clocks here show them. */
export function offeredTimes(now: number): OfferedTime[] {
  const morning = (days: number): number => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    return day.setHours(morningHour, 0, 0, 0);
  };
  const toMonday = (8 - new Date(now).getDay()) % 7 || 7;
  return [
    { name: 'hour', at: now + hourMs },
    { name: 'tomorrow', at: morning(1) },
    // On a Sunday, it is tomorrow.
    ...(toMonday === 1 ? [] : [{ name: 'monday' as const, at: morning(toMonday) }]),
  ];
}

/** A time as a field for date and time has it, in local time; '' is none. */
export function fieldOf(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The time of such a field; null if it holds none. */
export function timeIn(field: string): number | null {
  const at = new Date(field).getTime();
  return Number.isNaN(at) ? null : at;
}

/** A time to come, or one that has passed: Today at 14:05, Tomorrow at 09:00, Mon, 23 Nov, 09:00. */
export function timeText(at: number, now: number, locale: Locale): string {
  const days = -daysBetween(at, now);
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  if (Math.abs(days) <= 1) {
    const day = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day');
    return `${day.charAt(0).toLocaleUpperCase(locale)}${day.slice(1)} ${time.format(at)}`;
  }
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const date = new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
  });
  return `${date.format(at)} ${time.format(at)}`;
}
