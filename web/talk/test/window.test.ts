import { describe, expect, it } from 'vitest';
import { firstAt } from '../src/model/dates';
import {
  aroundRow,
  atTheEnd,
  drawnOf,
  held,
  movedDown,
  movedUp,
  rowsDrawnMax,
  type Keyed,
  type Stretch,
} from '../src/model/window';

const rowsOf = (from: number, to: number): Keyed[] =>
  Array.from({ length: to - from }, (_, index) => ({ key: `k${from + index}`, kind: 'message' }));
const keysOf = (rows: readonly Keyed[], stretch: Stretch): string[] => {
  const { from, to } = drawnOf(rows, stretch);
  return [rows[from]?.key ?? '', rows[to - 1]?.key ?? ''];
};

describe('the rows that are drawn', () => {
  const rows = rowsOf(1_000, 3_000);
  it('are the last ones at first, and those that come', () => {
    expect(keysOf(rows, atTheEnd)[1]).toBe('k2999');
    expect(keysOf([...rows, { key: 'new', kind: 'message' }], atTheEnd)[1]).toBe('new');
    expect(drawnOf([], atTheEnd)).toEqual({ from: 0, to: 0 });
  });
  it('move up to the beginning and down to the end, and are never many', () => {
    let stretch: Stretch = atTheEnd;
    const pass = (move: typeof movedUp): void => {
      for (let next = move(rows, stretch); next !== null; next = move(rows, stretch)) {
        const before = drawnOf(rows, stretch);
        stretch = next;
        const now = drawnOf(rows, stretch);
        expect(now.to - now.from).toBeLessThanOrEqual(rowsDrawnMax);
        // What is on screen stays: the two stretches have rows in common.
        expect(Math.min(before.to, now.to) - Math.max(before.from, now.from)).toBeGreaterThan(60);
      }
    };
    pass(movedUp);
    expect(keysOf(rows, stretch)[0]).toBe('k1000');
    pass(movedDown);
    expect(keysOf(rows, stretch)[1]).toBe('k2999');
  });
  it('stay the same while rows come above and below', () => {
    const stretch = held(rows, aroundRow(rows, 500));
    const drawn = keysOf(rows, stretch);
    expect(keysOf([...rowsOf(900, 1_000), ...rows, { key: 'new', kind: 'message' }], stretch)).toEqual(drawn);
  });
  it('stay few when the line of a day is always the first', () => {
    const day: Keyed = { key: 'day', kind: 'day' };
    let loaded = [day, ...rowsOf(1_000, 1_060)];
    let stretch = held(loaded, atTheEnd);
    for (let from = 940; from > 0; from -= 60) {
      loaded = [day, ...rowsOf(from, 1_060)];
      for (let next = movedUp(loaded, stretch); next !== null; next = movedUp(loaded, stretch))
        stretch = next;
      const { from: first, to } = drawnOf(loaded, stretch);
      expect(first).toBe(0);
      expect(to).toBeLessThanOrEqual(rowsDrawnMax + 1);
    }
  });
  it('are those at the end once the rows are gone that they were held by', () => {
    expect(keysOf(rows, { top: 'gone', bottom: 'gone' })[1]).toBe('k2999');
    expect(drawnOf(rows, { top: 'k1100', bottom: 'gone' })).toEqual({ from: 100, to: 100 + rowsDrawnMax });
  });
});

it('the first event at a time is found in a few questions', async () => {
  const times = Array.from({ length: 1_000_000 }, (_, index) => Math.floor(index / 3) * 10);
  let asked = 0;
  const atOf = (seq: number): Promise<number> => {
    asked += 1;
    return Promise.resolve(times[seq - 1] ?? Infinity);
  };
  expect(await firstAt(500, times.length, atOf)).toBe(151);
  expect(asked).toBeLessThanOrEqual(20);
  expect(await firstAt(-1, times.length, atOf)).toBe(1);
  expect(await firstAt(Infinity, times.length, atOf)).toBe(1_000_000);
  expect(await firstAt(5, 0, atOf)).toBe(1);
});
