import type { Locale } from './locale';

/** Dates, numbers and plurals of one language. `now` is an argument everywhere, so that a test can own the clock. */
export interface Format {
  /** 14:05 */
  time(at: number): string;
  /** Today, Yesterday, Monday, 3 March, 3 March 2025: the line between two days. */
  day(at: number, now: number): string;
  /** The shortest form, for a list: 14:05, Yesterday, Mon, 3 Mar, 3 Mar 2025. */
  brief(at: number, now: number): string;
  /** Date and time in full, for a tooltip. */
  full(at: number): string;
  number(value: number): string;
  /** The plural form for a count; languages without plurals give `other`. */
  plural(count: number, forms: { one: string; other: string }): string;
  /** "Mei, Wang and Li" */
  list(items: readonly string[]): string;
}

const made = new Map<Locale, Format>();

/** The formats of a language, made once: each takes a dozen objects of `Intl`. */
export function formatOf(locale: Locale): Format {
  const format = made.get(locale) ?? createFormat(locale);
  made.set(locale, format);
  return format;
}

const dayMs = 86_400_000;

/** Calendar days from `at` to `now` in local time: 0 today, 1 yesterday. Rounding absorbs the hour of a clock change. */
export function daysBetween(at: number, now: number): number {
  const from = new Date(at).setHours(0, 0, 0, 0);
  const to = new Date(now).setHours(0, 0, 0, 0);
  return Math.round((to - from) / dayMs);
}

export function createFormat(locale: Locale): Format {
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long' });
  const weekdayShort = new Intl.DateTimeFormat(locale, { weekday: 'short' });
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', weekday: 'long' });
  const dateYear = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' });
  const dateShort = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const dateYearShort = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'numeric',
    year: '2-digit',
  });
  const number = new Intl.NumberFormat(locale);
  const plurals = new Intl.PluralRules(locale);
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });

  const nearDay = (days: number): string => {
    const text = relative.format(-days, 'day');
    return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
  };
  const sameYear = (at: number, now: number): boolean =>
    new Date(at).getFullYear() === new Date(now).getFullYear();

  return {
    time: (at) => time.format(at),
    day(at, now) {
      const days = daysBetween(at, now);
      if (days === 0 || days === 1) return nearDay(days);
      if (days > 1 && days < 7) return weekday.format(at);
      return sameYear(at, now) ? date.format(at) : dateYear.format(at);
    },
    brief(at, now) {
      const days = daysBetween(at, now);
      if (days <= 0) return time.format(at);
      if (days === 1) return nearDay(1);
      if (days < 7) return weekdayShort.format(at);
      return sameYear(at, now) ? dateShort.format(at) : dateYearShort.format(at);
    },
    full: (at) => full.format(at),
    number: (value) => number.format(value),
    plural: (count, forms) => (plurals.select(count) === 'one' ? forms.one : forms.other),
    list: (items) => list.format(items),
  };
}
