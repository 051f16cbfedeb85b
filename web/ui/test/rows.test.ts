import { describe, expect, it } from 'vitest';
import { movedBy, rowAfterKey, scrollTo, spanOf, spareRows, type View } from '../src/plain';

const view = (top: number, count = 10_000): View => ({ count, rowHeight: 50, top, height: 500 });

describe('the rows of a long list', () => {
  it('are drawn where they are in sight, with some to spare', () => {
    expect(spanOf(view(0))).toEqual({ first: 0, end: 10 + spareRows });
    expect(spanOf(view(100_025))).toEqual({ first: 2_000 - spareRows, end: 2_011 + spareRows });
    expect(spanOf(view(499_500))).toEqual({ first: 9_990 - spareRows, end: 10_000 });
    // The list begins below what is in sight, or has just become shorter than where it was scrolled to.
    expect(spanOf(view(-400))).toEqual({ first: 0, end: 2 + spareRows });
    expect(spanOf(view(5_000, 3))).toEqual({ first: 3, end: 3 });
    expect(spanOf({ ...view(0, 3), height: 0 })).toEqual({ first: 0, end: 3 });
  });

  it('are scrolled no further than needed', () => {
    expect(scrollTo(20, view(1_000))).toBe(0);
    expect(scrollTo(19, view(1_000))).toBe(-50);
    expect(scrollTo(29, view(1_000))).toBe(0);
    expect(scrollTo(30, view(1_000))).toBe(50);
    // Where a row is higher than what is in sight, its beginning is shown.
    expect(scrollTo(30, { ...view(1_000), height: 20 })).toBe(500);
  });

  it('stay in place when one comes to the top, unless the top is in sight', () => {
    const before = ['a', 'b', 'c', 'd', 'e', 'f'];
    const after = ['e', 'a', 'b', 'c', 'd', 'f'];
    expect(movedBy(before, after, view(100))).toBe(1);
    expect(movedBy(before, after, view(0))).toBe(0);
    // The first row in sight is the one that went to the top.
    expect(movedBy(before, ['c', 'a', 'b', 'd', 'e', 'f'], view(100))).toBe(0);
    expect(movedBy(before, ['x', 'y'], view(100))).toBe(0);
  });

  it('are gone through by arrows, Home and End, and no further than the ends', () => {
    const next = (key: string, at: number): number | null => rowAfterKey(key, at, 10);
    expect([next('ArrowDown', 3), next('ArrowUp', 3), next('Home', 3), next('End', 3)]).toEqual([4, 2, 0, 9]);
    expect([next('ArrowDown', 9), next('ArrowUp', 0), next('x', 3), rowAfterKey('End', -1, 0)]).toEqual([
      9,
      0,
      null,
      null,
    ]);
  });
});
