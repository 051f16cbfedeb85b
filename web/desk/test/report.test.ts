import { describe, expect, it } from 'vitest';
import { dayBars, growth, heat, percent, spanOfPeriod } from '../src/model/report';

const figures = {
  asked: 4,
  answered: 3,
  in_time: null,
  first_answer_ms: 1_000,
  resolved: 2,
  resolution_ms: 2_000,
  rated: 0,
  stars: null,
  first_promised: 0,
  first_kept: 0,
  resolution_promised: 0,
  resolution_kept: 0,
};

describe('a report', () => {
  it('has each day of its span, by the clocks of its time zone', () => {
    const from = Date.parse('2026-03-28T16:00Z');
    const to = Date.parse('2026-03-31T15:59Z');
    const bars = dayBars([{ day: '2026-03-30', figures }], from, to, 'Asia/Shanghai');
    expect(bars).toEqual([
      { day: '2026-03-29', asked: 0, resolved: 0 },
      { day: '2026-03-30', asked: 4, resolved: 2 },
      { day: '2026-03-31', asked: 0, resolved: 0 },
    ]);
    // The clocks go forward on one of these days.
    expect(dayBars([], from, to, 'Europe/Berlin').map(({ day }) => day)).toEqual([
      '2026-03-28',
      '2026-03-29',
      '2026-03-30',
      '2026-03-31',
    ]);
  });

  it('covers whole days up to now', () => {
    const now = new Date(2026, 2, 31, 15, 30).getTime();
    expect(spanOfPeriod(1, now)).toEqual({ from: new Date(2026, 2, 31).getTime(), to: now });
    expect(spanOfPeriod(7, now).from).toBe(new Date(2026, 2, 25).getTime());
  });

  it('says nothing where there is nothing to compare', () => {
    expect([percent(1, 0), percent(1, 3)]).toEqual([null, 33]);
    expect([growth(3, 0), growth(null, 3), growth(3, 2), growth(1, 2)]).toEqual([null, null, 50, -50]);
    expect([heat(0, 0), heat(1, 4), heat(4, 4)]).toEqual([0, 0.5, 1]);
  });
});
