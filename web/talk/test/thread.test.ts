import { describe, expect, it } from 'vitest';
import type { FeedEvent, Outgoing } from '@encke/sdk';
import { reachOf } from '../src/model/tick';
import { rowsOf, type Row } from '../src/model/rows';
import {
  bounded,
  emptyThread,
  gapAfter,
  joined,
  shortened,
  stretchOf,
  threadEventsKeptMax,
  threadEventsMax,
  withLaterPage,
  withEarlierPage,
  withEvents,
  withNewestPage,
} from '../src/model/thread';
import { Example, at0, person } from './example';

function talk(count: number): { site: Example; events: FeedEvent[] } {
  const site = new Example(person('p1'), person('p2'), person('p3'));
  site.create('c1', 'room', 'Orbit', ['p1', 'p2', 'p3']);
  for (let index = 1; index < count; index += 1) site.say('c1', index % 3 === 0 ? 'p1' : 'p2', `m${index}`);
  return { site, events: site.log.filter((event) => event.stream === 'c1') };
}
const seqs = (events: readonly FeedEvent[]): number[] => events.map((event) => event.seq);

describe('a thread', () => {
  const { events } = talk(20);
  it('is whole from pages and feed that overlap, whatever comes first', () => {
    let thread = withEvents(emptyThread, events.slice(18, 20));
    thread = withNewestPage(thread, {
      events: events.slice(9, 19),
      people: [],
      amended: [],
      amendments_seq: 0,
      more: true,
    });
    thread = withEarlierPage(thread, {
      events: events.slice(0, 10),
      people: [],
      amended: [],
      amendments_seq: 0,
      more: false,
    });
    expect(seqs(thread.events)).toEqual(seqs(events));
    expect(thread.earlier).toBe(false);
    expect(gapAfter(thread, 20)).toBeNull();
  });
  it('tells a hole inside and a missing end', () => {
    const page = withNewestPage(emptyThread, {
      events: events.slice(0, 5),
      people: [],
      amended: [],
      amendments_seq: 0,
      more: false,
    });
    expect(gapAfter(withEvents(page, events.slice(7, 9)), 9)).toBe(5);
    expect(gapAfter(page, 9)).toBe(5);
    expect(gapAfter(page, 5)).toBeNull();
    expect(gapAfter(emptyThread, 9)).toBeNull();
  });
  it('takes an event twice once', () => {
    const page = withNewestPage(emptyThread, {
      events: events.slice(0, 5),
      people: [],
      amended: [],
      amendments_seq: 0,
      more: false,
    });
    expect(seqs(withEvents(withEvents(page, [events[5]!]), [events[5]!]).events)).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it('has a stretch further back that becomes one with the newest once nothing is missing between', () => {
    const { events } = talk(200);
    const page = (from: number, to: number, more: boolean) => ({
      events: events.slice(from - 1, to),
      people: [],
      amended: [],
      amendments_seq: 0,
      more,
    });
    const newest = withNewestPage(emptyThread, page(150, 200, true));
    let stretch = stretchOf(page(40, 80, true));
    expect([stretch.later, joined(newest, stretch)]).toEqual([true, null]);
    stretch = withLaterPage(stretch, page(81, 140, true));
    expect(joined(newest, stretch)).toBeNull();
    const whole = joined(newest, withLaterPage(stretch, page(141, 149, true)));
    expect(seqs(whole?.events ?? [])).toEqual(seqs(events).slice(39));
    expect([whole?.later, whole?.earlier, gapAfter(whole ?? newest, 200)]).toEqual([false, true, null]);
  });
  it('is bounded at the end that nobody looks at', () => {
    const long = {
      ...withNewestPage(emptyThread, {
        events: talk(threadEventsMax + 30).events,
        people: [],
        amended: [],
        amendments_seq: 0,
        more: true,
      }),
    };
    const up = bounded(long, 'earlier');
    expect([up.events.length, up.events[0]?.seq, up.later]).toEqual([threadEventsMax, 1, true]);
    const down = bounded({ ...long, earlier: false }, 'later');
    expect([down.events.length, down.events.at(-1)?.seq, down.earlier]).toEqual([
      threadEventsMax,
      threadEventsMax + 30,
      true,
    ]);
  });
  it('keeps the newest when it is left', () => {
    const long = withNewestPage(emptyThread, {
      events: talk(threadEventsKeptMax + 30).events,
      people: [],
      amended: [],
      amendments_seq: 0,
      more: false,
    });
    const kept = shortened(long);
    expect(kept.events).toHaveLength(threadEventsKeptMax);
    expect(kept.events.at(-1)?.seq).toBe(threadEventsKeptMax + 30);
    expect(kept.earlier).toBe(true);
  });
});

describe('ticks', () => {
  const none = new Map<string, number>();
  const after = (...marks: [string, 'delivered' | 'read', number][]) => {
    const site = new Example(person('p1'), person('p2'), person('p3'));
    site.create('c1', 'room', 'Orbit', ['p1', 'p2', 'p3']);
    site.say('c1', 'p1', 'mine');
    for (const [who, what, seq] of marks) site.mark('c1', who, what, seq);
    return site.conversation('c1', 'p1');
  };
  const tick = (...marks: Parameters<typeof after>) => reachOf(2, 'p1', after(...marks), none).tick;

  it('rise only when all others have it or have read it', () => {
    expect(tick()).toBe('stored');
    expect(tick(['p2', 'delivered', 2])).toBe('stored');
    expect(tick(['p2', 'read', 2])).toBe('stored');
    expect(tick(['p2', 'read', 2], ['p3', 'delivered', 2])).toBe('delivered');
    expect(tick(['p2', 'read', 2], ['p3', 'read', 1])).toBe('stored');
    expect(tick(['p2', 'read', 2], ['p3', 'read', 2])).toBe('read');
  });
  it('say who has read', () => {
    expect(reachOf(2, 'p1', after(['p2', 'read', 2], ['p3', 'delivered', 2]), none)).toMatchObject({
      read: ['p2'],
      delivered: ['p3'],
      others: 2,
    });
  });
  it('do not wait for who joined later', () => {
    expect(reachOf(2, 'p1', after(['p2', 'read', 2]), new Map([['p3', 3]])).tick).toBe('read');
  });
  it('work for two, and stay at stored for one alone', () => {
    const site = new Example(person('p1'), person('p2'));
    site.create('c1', 'direct', null, ['p1', 'p2']);
    site.say('c1', 'p1', 'x');
    site.mark('c1', 'p2', 'delivered', 2);
    expect(reachOf(2, 'p1', site.conversation('c1', 'p1'), none).tick).toBe('delivered');
    site.create('c2', 'room', 'Alone', ['p1']);
    site.say('c2', 'p1', 'x');
    expect(reachOf(2, 'p1', site.conversation('c2', 'p1'), none).tick).toBe('stored');
  });
});

describe('rows', () => {
  const build = (
    events: readonly FeedEvent[],
    site: Example,
    more: { outgoing?: Outgoing[]; newAfter?: number | null } = {},
  ): Row[] =>
    rowsOf({
      events,
      outgoing: more.outgoing ?? [],
      conversation: site.conversation('c1', 'p1'),
      me: 'p1',
      amended: new Map(),
      hidden: new Set(),
      newAfter: more.newAfter ?? null,
    });
  const outgoing = (key: string, createdAt: number): Outgoing => ({
    key,
    conversation: 'c1',
    text: key,
    createdAt,
    status: 'sending',
    error: null,
  });

  it('cut days, group authors, and tell events from messages', () => {
    const { site, events } = talk(5);
    const late = events.map((event, index) => (index < 4 ? event : { ...event, at: event.at + 86_400_000 }));
    expect(build(late, site).map((row) => row.kind)).toEqual([
      'day',
      'system',
      'message',
      'message',
      'message',
      'day',
      'message',
    ]);
    const messages = build(late, site).flatMap((row) =>
      row.kind === 'message' ? [[row.event.seq, row.first, row.last]] : [],
    );
    expect(messages).toEqual([
      [2, true, false],
      [3, false, true],
      [4, true, true],
      [5, true, true],
    ]);
  });
  it('draw the line once, before the first that is not one’s own', () => {
    const { site, events } = talk(6);
    const rows = build(events, site, { newAfter: 3 });
    const line = rows.findIndex((row) => row.kind === 'new');
    expect(rows.filter((row) => row.kind === 'new')).toHaveLength(1);
    expect(rows[line + 1]).toMatchObject({ kind: 'message', event: { seq: 5 } });
  });
  it('keep the row of a message that was on its way, and show it once', () => {
    const { site } = talk(1);
    const sending = outgoing('k9', at0);
    const before = build(
      site.log.filter((event) => event.stream === 'c1'),
      site,
      { outgoing: [sending] },
    );
    site.say('c1', 'p1', 'k9', 'k9');
    const events = site.log.filter((event) => event.stream === 'c1');
    const both = build(events, site, { outgoing: [sending] });
    expect(both.filter((row) => row.key === 'key:k9')).toHaveLength(1);
    expect(before.at(-1)).toMatchObject({ kind: 'outgoing', key: 'key:k9' });
    expect(both.at(-1)).toMatchObject({ kind: 'message', key: 'key:k9' });
  });
  it('have keys that are all different', () => {
    const { site, events } = talk(40);
    const keys = build(events, site, {
      newAfter: 10,
      outgoing: [outgoing('a', at0), outgoing('b', at0)],
    }).map((row) => row.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
