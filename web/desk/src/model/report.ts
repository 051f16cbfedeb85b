import type { DayFigures, Figures } from '@encke/sdk/desk';

/* What a report shows, made out of what the server summed up. */

/** Days of each period to choose from; the first one is shown at first. */
export const periods = [7, 1, 30, 90, 365] as const;
export type Period = (typeof periods)[number];

const dayMs = 86_400_000;

/** Whole days up to now: the first one begins at midnight by the clocks of this device. */
export function spanOfPeriod(days: Period, now: number): { from: number; to: number } {
  const from = new Date(now);
  from.setHours(0, 0, 0, 0);
  from.setDate(from.getDate() - (days - 1));
  return { from: from.getTime(), to: now };
}

/** A day on the axis, as `2026-11-22`, and the tickets that were asked and resolved of it. */
export interface DayBar {
  readonly day: string;
  readonly asked: number;
  readonly resolved: number;
}

/** Each day of a span by the clocks of a time zone, also those without a ticket. */
export function dayBars(found: readonly DayFigures[], from: number, to: number, zone: string): DayBar[] {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
  const of = new Map(found.map(({ day, figures }) => [day, figures]));
  const bars: DayBar[] = [];
  // Noon of a day in UTC is the same day of the calendar whatever clocks do.
  let at = Date.parse(`${text.format(from)}T12:00Z`);
  const last = Date.parse(`${text.format(to - 1)}T12:00Z`);
  for (; at <= last; at += dayMs) {
    const day = new Date(at).toISOString().slice(0, 10);
    const figures = of.get(day);
    bars.push({ day, asked: figures?.asked ?? 0, resolved: figures?.resolved ?? 0 });
  }
  return bars;
}

/** A part of a whole in percent; null of nothing. */
export function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((100 * part) / whole);
}

/** By how many percent a number has grown; null if there was nothing before. */
export function growth(now: number | null, before: number | null): number | null {
  return now === null || before === null || before === 0 ? null : Math.round((100 * (now - before)) / before);
}

/** The figures that stand at the top, in their order. */
export type Tile = 'asked' | 'answered' | 'first_answer_ms' | 'resolution_ms' | 'stars';
export const tiles: readonly Tile[] = ['asked', 'answered', 'first_answer_ms', 'resolution_ms', 'stars'];

/** Whether a figure that grows is good news, bad news or neither. */
export const wanted: Record<Tile, 'more' | 'less' | 'either'> = {
  asked: 'either',
  answered: 'more',
  first_answer_ms: 'less',
  resolution_ms: 'less',
  stars: 'more',
};

/** Answered tickets count as a part of those that were asked. */
export function valueOf(tile: Tile, figures: Figures): number | null {
  return tile === 'answered' ? percent(figures.answered, figures.asked) : figures[tile];
}

/** How dark a cell of the heat map is, 0 to 1, and so that a few tickets can be seen beside many. */
export function heat(count: number, most: number): number {
  return most === 0 ? 0 : Math.sqrt(count / most);
}
