import { describe, expect, it } from 'vitest';
import type { FeedEvent } from '@encke/sdk';
import { withAsides } from '../src/model/asides';
import type { Row } from '../src/model/rows';

const noon = new Date(2026, 10, 22, 12).getTime();
const minute = 60_000;

function message(seq: number, at: number): Row {
  const event = { kind: 'message', seq, at, from: 'p1', body: { text: '' } };
  const row = { kind: 'message', key: `seq:${seq}`, event, own: false, text: '', first: false, last: false };
  return row as unknown as Row;
}
const day = (at: number): Row => ({ kind: 'day', key: `day:${new Date(at).toDateString()}`, at });
const events = (rows: readonly Row[]): FeedEvent[] =>
  rows.flatMap((row) => (row.kind === 'message' ? [row.event] : []));
const whole = (rows: readonly Row[]) => ({ events: events(rows), earlier: false, later: false });
const keys = (rows: readonly Row[]): string[] => rows.map(({ key }) => key.replace(/^day:.*/, 'day'));

describe('asides', () => {
  const rows = [day(noon), message(1, noon), message(2, noon + 2 * minute)];

  it('stand at their times, and messages around one are no group', () => {
    const all = withAsides(rows, [{ id: '1', at: noon + minute }], whole(rows));
    expect(keys(all)).toEqual(['day', 'seq:1', 'aside:1', 'seq:2']);
    expect(all[1]).toMatchObject({ first: false, last: true });
    expect(all[3]).toMatchObject({ first: true, last: false });
    expect(keys(withAsides(rows, [{ id: '1', at: noon + 9 * minute }], whole(rows)))).toEqual([
      'day',
      'seq:1',
      'seq:2',
      'aside:1',
    ]);
  });
  it('have days of their own, and none twice', () => {
    const before = { id: '1', at: noon - 26 * 60 * minute };
    const early = { id: '2', at: noon - minute };
    expect(keys(withAsides(rows, [before, early], whole(rows)))).toEqual([
      'day',
      'aside:1',
      'day',
      'aside:2',
      'seq:1',
      'seq:2',
    ]);
    expect(keys(withAsides([], [early], whole([])))).toEqual(['day', 'aside:2']);
  });
  it('wait for the messages around them', () => {
    const asides = [
      { id: '1', at: noon - minute },
      { id: '2', at: noon + minute },
      { id: '3', at: noon + 3 * minute },
    ];
    const part = { events: events(rows), earlier: true, later: true };
    expect(keys(withAsides(rows, asides, part))).toEqual(['day', 'seq:1', 'aside:2', 'seq:2']);
  });
});
