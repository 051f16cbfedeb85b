/** When somebody was last seen, in words: the time of today, and days before that. */
import type { Person } from '@encke/sdk';
import { daysBetween, type Locale } from '@encke/ui/plain';

/** The time at which an offline person was last seen; null if nobody knows or may know. */
export function lastSeenOf(person: Person, me: Pick<Person, 'hides_last_seen'>): number | null {
  if (person.presence !== 'offline' || me.hides_last_seen === true) return null;
  return person.last_seen ?? null;
}

/** 10:42, yesterday, 3 days ago. */
export function seenText(at: number, now: number, locale: Locale): string {
  const days = daysBetween(at, now);
  if (days > 0) return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-days, 'day');
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}
