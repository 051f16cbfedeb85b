import { describe, expect, it } from 'vitest';
import { rowsOf, withSame, type Row } from '../src/model/rows';
import { Example, person } from './example';

it('leave out what the person has hidden from itself, with its day', () => {
  const site = new Example(person('p1'), person('p2'));
  site.create('c1', 'direct', null, ['p1', 'p2']);
  const first = site.say('c1', 'p2', 'one');
  site.say('c1', 'p2', 'two');
  const events = site.log
    .filter((event) => event.stream === 'c1')
    .map((event) => (event === first ? { ...event, at: event.at - 86_400_000 } : event));
  const kinds = (hidden: ReadonlySet<number>): string[] =>
    rowsOf({
      events: events.slice(1),
      outgoing: [],
      conversation: site.conversation('c1', 'p1'),
      me: 'p1',
      amended: new Map(),
      hidden,
      newAfter: null,
    }).map((row) => row.kind);
  expect(kinds(new Set())).toEqual(['day', 'message', 'day', 'message']);
  expect(kinds(new Set([first.seq]))).toEqual(['day', 'message']);
});

describe('rows that are made anew', () => {
  const site = new Example(person('p1'), person('p2'));
  site.create('c1', 'direct', null, ['p1', 'p2']);
  site.say('c1', 'p2', 'theirs');
  const mine = site.say('c1', 'p1', 'mine');
  const amended = new Map([[mine.seq, { message: mine.seq, text: 'changed' }]]);
  const rows = (edited = false): Row[] =>
    rowsOf({
      events: site.log.filter((event) => event.stream === 'c1'),
      outgoing: [],
      conversation: site.conversation('c1', 'p1'),
      me: 'p1',
      amended: edited ? amended : new Map(),
      hidden: new Set(),
      newAfter: null,
    });

  it('are the very ones from before, but for those that changed', () => {
    const before = rows();
    expect(rows()[2]).not.toBe(before[2]);
    expect(withSame(before, rows())).toBe(before);

    const edited = withSame(before, rows(true));
    const changed = edited.filter((row) => !before.includes(row));
    expect(changed.map((row) => row.kind === 'message' && row.text)).toEqual(['changed']);

    // A mark that moves is seen at one's own message.
    site.mark('c1', 'p2', 'read', mine.seq);
    const read = withSame(edited, rows(true)).filter((row) => !edited.includes(row));
    expect(read.map((row) => row.kind === 'message' && row.reach?.tick)).toEqual(['read']);
  });
});
