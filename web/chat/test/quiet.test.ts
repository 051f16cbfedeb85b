import { describe, expect, it } from 'vitest';
import type { QuietHours } from '@encke/sdk';
import { textPaths } from '@encke/ui/testing';
import { quietWords } from '../src/i18n/quiet-words';
import { fieldOfMinute, isQuiet, minuteIn, tomorrow } from '../src/model/quiet';

const within = (hours: QuietHours, time: string): boolean => isQuiet({ hours }, Date.parse(time));

describe('quiet hours', () => {
  it('belong to the day on which they begin, by the clocks of their zone', () => {
    const night = { from: 22 * 60, to: 7 * 60, days: [5], zone: 'Europe/Berlin' };
    const table: [string, boolean][] = [
      ['2026-11-20T20:59:59Z', false],
      ['2026-11-20T21:00:00Z', true],
      ['2026-11-21T05:59:59Z', true],
      ['2026-11-21T06:00:00Z', false],
      ['2026-11-21T22:00:00Z', false],
      ['2026-11-20T05:00:00Z', false],
      ['2026-07-17T20:00:00Z', true],
    ];
    for (const [time, quiet] of table) expect(within(night, time), time).toBe(quiet);
    const sunday = { from: 23 * 60, to: 60, days: [7], zone: 'Asia/Shanghai' };
    expect(within(sunday, '2026-11-22T16:30:00Z')).toBe(true);
    const noon = { from: 720, to: 780, days: [1, 7], zone: 'Asia/Kathmandu' };
    expect(within(noon, '2026-11-22T06:15:00Z')).toBe(true);
    expect(within(noon, '2026-11-22T07:15:00Z')).toBe(false);
    const day = { from: 0, to: 0, days: [7], zone: 'UTC' };
    expect(within(day, '2026-11-22T23:59:00Z')).toBe(true);
    expect(within(day, '2026-11-23T00:00:00Z')).toBe(false);
    expect(within({ ...day, zone: 'Mars/Olympus' }, '2026-11-22T23:59:00Z')).toBe(false);
  });
  it('may be a pause, which ends by itself', () => {
    expect(isQuiet({ paused_until: 1_000 }, 999)).toBe(true);
    expect(isQuiet({ paused_until: 1_000 }, 1_000)).toBe(false);
    expect(isQuiet({}, 0)).toBe(false);
    expect(tomorrow(new Date(2026, 10, 30, 23, 0).getTime())).toBe(new Date(2026, 11, 1, 9, 0).getTime());
  });
  it('are read from fields, and written into them', () => {
    for (const minute of [0, 61, 1439]) expect(minuteIn(fieldOfMinute(minute))).toBe(minute);
    expect(fieldOfMinute(61)).toBe('01:01');
    expect(minuteIn('')).toBeNull();
  });
  it('have the same words in both languages', () => {
    expect(textPaths(quietWords['zh-CN'])).toEqual(textPaths(quietWords.en));
    expect(textPaths(quietWords).filter((path) => path.endsWith('(empty)'))).toEqual([]);
  });
});
