import { expect, test } from 'vitest';
import { Acks } from '../src/acks.js';
import { Emitter } from '../src/emitter.js';
import { PresenceFold } from '../src/presence.js';
import { Reads } from '../src/reads.js';
import type { EventOf } from '../src/types.js';
import { FakeClock } from './support/clock.js';
import { conversation, message, snapshot } from './support/events.js';

test('acks go at once, then at most once a second, with the newest cursor', async () => {
  const clock = new FakeClock();
  const sent: string[] = [];
  const acks = new Acks(clock, (cursor) => sent.push(cursor));
  for (const cursor of ['a', 'b', 'c']) acks.moved(cursor);
  expect(sent).toEqual(['a']);
  await clock.advance(1_000);
  expect(sent).toEqual(['a', 'c']);
  acks.moved('d');
  acks.cancel();
  await clock.advance(5_000);
  expect(sent).toEqual(['a', 'c']);
});

test('a browser is online if any of its tabs is', () => {
  const fold = new PresenceFold();
  expect(fold.folded).toBeNull();
  fold.set('one', 'away');
  fold.set('two', 'online');
  expect(fold.folded).toBe('online');
  fold.set('two', null);
  expect(fold.folded).toBe('away');
});

test('a read mark stays open until the receipt or the answer tells that it arrived', () => {
  const reads = new Reads();
  expect(reads.add('c1', 3)).toBe(true);
  expect(reads.add('c1', 2)).toBe(false);
  const receipts: EventOf<'receipts'> = {
    ...message('r1', 1, 1),
    kind: 'receipts',
    body: { conversation: 'c1', marks: [{ person: 'p1', delivered: 3, read: 2 }] },
  };
  reads.event(receipts, 'p1');
  expect(reads.open).toEqual([['c1', 3]]);
  reads.done('c1', 3);
  expect(reads.open).toEqual([]);
  expect(reads.add('c1', 3)).toBe(false);
  reads.snapshot(snapshot(1, [{ ...conversation('c2', 9), read_seq: 9 }]));
  expect(reads.add('c2', 9)).toBe(false);
});

test('a handler that throws is reported and the others still hear', () => {
  const reported: unknown[] = [];
  const heard: number[] = [];
  const emitter = new Emitter<{ n: number }>((thrown) => reported.push(thrown));
  emitter.on('n', () => {
    throw new Error('no');
  });
  const stop = emitter.on('n', (n) => heard.push(n));
  emitter.emit('n', 1);
  stop();
  emitter.emit('n', 2);
  expect(heard).toEqual([1]);
  expect(reported).toHaveLength(2);
});
