/** The times at which a person is not notified of anything, by the rules of docs/protocol.md. */
import type { Quiet, QuietHours } from '@encke/sdk';

const dayMin = 24 * 60;
const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export function isQuiet(quiet: Quiet, now: number): boolean {
  if (now < (quiet.paused_until ?? 0)) return true;
  return quiet.hours !== undefined && isWithin(quiet.hours, now);
}

/** A night belongs to the day on which it begins. */
function isWithin({ from, to, days: begins, zone }: QuietHours, now: number): boolean {
  const at = clockIn(zone, now);
  if (at === null) return false;
  const begun = begins.includes(at.day);
  if (from < to) return begun && at.minute >= from && at.minute < to;
  const yesterday = at.day === 1 ? 7 : at.day - 1;
  return (begun && at.minute >= from) || (begins.includes(yesterday) && at.minute < to);
}

/** What the clocks of a zone show; null if this browser does not know the zone. */
function clockIn(zone: string, now: number): { readonly day: number; readonly minute: number } | null {
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
    const minute = (Number(parts.get('hour')) * 60 + Number(parts.get('minute'))) % dayMin;
    return { day: days.indexOf(parts.get('weekday') ?? '') + 1, minute };
  } catch {
    return null;
  }
}

/** The zone of this device. */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** What people begin with: nights, every day. */
export function firstHours(): QuietHours {
  return { from: 22 * 60, to: 7 * 60, days: [1, 2, 3, 4, 5, 6, 7], zone: ownZone() };
}

/** A minute of the day as a time field has it: 22:00. */
export function fieldOfMinute(minute: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** The minute of such a field; null if it holds none. */
export function minuteIn(field: string): number | null {
  const found = /^(\d\d):(\d\d)/.exec(field);
  return found === null ? null : Number(found[1]) * 60 + Number(found[2]);
}

/** Tomorrow morning, as the clocks here show it. */
export function tomorrow(now: number): number {
  const day = new Date(now);
  day.setDate(day.getDate() + 1);
  return day.setHours(9, 0, 0, 0);
}
