/* Days and times in the visitor's language. @encke/ui has more of them, which nobody here would see. */
import { daysBetween, type Locale } from '@encke/ui/plain';

export interface Times {
  /** 14:05 */
  time(at: number): string;
  /** Today, Yesterday, 3 March, 3 March 2025. */
  day(at: number, now: number): string;
  full(at: number): string;
}

export function timesIn(locale: Locale): Times {
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
  const near = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
  return {
    time: (at) => time.format(at),
    day(at, now) {
      const days = daysBetween(at, now);
      if (days < -1 || days > 1) return date.format(at);
      const text = near.format(-days, 'day');
      return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
    },
    full: (at) => full.format(at),
  };
}
