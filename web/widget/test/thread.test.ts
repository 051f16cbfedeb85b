import type { FeedEvent, HistoryPage } from '@encke/sdk';
import { expect, test } from 'vitest';
import { rowsOf, saidMax, Thread } from '../src/model/thread';

const day = Date.UTC(2026, 2, 3, 12);
const event = (kind: string, seq: number, body: object, stream = 'c7') =>
  ({
    type: 'event',
    cursor: `e.${seq}`,
    stream,
    seq,
    at: day + seq,
    kind,
    from: 'p1',
    body,
  }) as unknown as FeedEvent;
const texts = (thread: Thread) => thread.said.map(({ text, recalled }) => (recalled ? null : text));

test('events find their place in any order and twice', () => {
  const thread = new Thread('c7');
  for (const seq of [3, 2, 3, 5]) thread.event(event('message', seq, { text: `m${seq}` }));
  thread.event(event('message', 4, { text: 'of another' }, 'c8'));
  expect(texts(thread)).toEqual(['m2', 'm3', 'm5']);
});

test('edits and recalls count, also those that come before their message', () => {
  const thread = new Thread('c7');
  thread.event(event('edited', 1, { message: 2, text: 'better', edits: 1 }, 'a7'));
  thread.event(event('recalled', 2, { message: 3 }, 'a7'));
  thread.event(event('message', 2, { text: 'good' }));
  thread.event(event('message', 3, { text: 'secret' }));
  thread.event(event('message', 4, { text: 'kept' }));
  // In the stream of amendments, the edit of a recalled message is erased itself; that is no message.
  thread.event(event('erased', 9, {}, 'a7'));
  expect(texts(thread)).toEqual(['better', null, 'kept']);
  thread.event(event('recalled', 3, { message: 2 }, 'a7'));
  thread.event(event('edited', 4, { message: 2, text: 'again', edits: 2 }, 'a7'));
  expect(texts(thread)).toEqual([null, null, 'kept']);
});

test('a page brings what was made of its messages, and a thread does not grow without end', () => {
  const thread = new Thread('c7');
  const events = [event('message', 1, { text: 'one' })];
  thread.page(
    {
      events,
      amended: [{ message: 1, text: 'uno' }],
      amendments_seq: 1,
      more: true,
      people: [],
    } as HistoryPage,
    false,
  );
  expect([texts(thread), thread.more]).toEqual([['uno'], true]);
  for (let seq = 2; seq < saidMax + 10; seq += 1) thread.event(event('message', seq, { text: 'x' }));
  expect(thread.said).toHaveLength(saidMax);
  expect(thread.firstSeq).toBe(10);
});

test('rows have days, groups, and what is on its way at the end', () => {
  const thread = new Thread('c7');
  thread.event(event('message', 1, { text: 'a' }));
  thread.event(event('message', 2, { text: 'b' }));
  const out = {
    key: 'k',
    conversation: 'c7',
    text: 'c',
    createdAt: day,
    status: 'sending',
    error: null,
  } as const;
  const rows = rowsOf(thread.said, [out], (person) => person === 'p1');
  expect(rows.map((row) => [row.kind, 'first' in row && row.first])).toEqual([
    ['day', false],
    ['said', true],
    ['said', false],
    ['out', false],
  ]);
});
