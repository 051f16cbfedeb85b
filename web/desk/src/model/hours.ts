/* Office hours as a form has them: one span a day, in the letters of a time field. */
import type { DeskHours, OpenSpan } from '@encke/sdk/desk';

export interface DayForm {
  readonly open: boolean;
  readonly from: string;
  readonly to: string;
}

const closed: DayForm = { open: false, from: '09:00', to: '18:00' };

/** The hours of an ordinary week in a time zone. */
export function officeHours(time_zone: string): DeskHours {
  const day: OpenSpan[] = [{ from: 9 * 60, to: 18 * 60 }];
  return { time_zone, days: [day, day, day, day, day, [], []], holidays: [] };
}

/** A day as the form shows it: from its first opening to its last closing. */
export function dayForm(spans: readonly OpenSpan[] | undefined): DayForm {
  const first = spans?.[0];
  const last = spans?.at(-1);
  if (first === undefined || last === undefined) return closed;
  return { open: true, from: timeOf(first.from), to: timeOf(last.to) };
}

/** The spans of a day that was changed in the form. The breaks that still fit stay. */
export function spansOf(form: DayForm, before: readonly OpenSpan[]): OpenSpan[] {
  const from = minuteOf(form.from);
  const to = form.to === '00:00' ? 1440 : minuteOf(form.to);
  if (!form.open || from === null || to === null || from >= to) return [];
  const kept = before.filter((span) => span.to > from && span.from < to);
  if (kept.length < 2) return [{ from, to }];
  return kept.map((span, index) => ({
    from: index === 0 ? from : span.from,
    to: index === kept.length - 1 ? to : span.to,
  }));
}

export function timeOf(minute: number): string {
  const hour = Math.floor(minute / 60) % 24;
  return `${String(hour).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

function minuteOf(time: string): number | null {
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(time) ?? [];
  return hour === undefined || minute === undefined ? null : Number(hour) * 60 + Number(minute);
}

/** The time zones that this browser knows, with the given one among them. */
export function timeZones(also: string): string[] {
  const known = Intl.supportedValuesOf('timeZone');
  return known.includes(also) ? known : [also, ...known];
}
