import { expect, test } from 'vitest';
import { memoryStorage } from '../src/environment.js';
import { ApiError } from '../src/errors.js';
import { Outbox, unknown_ms_max } from '../src/outbox.js';
import { Store } from '../src/store.js';
import { conversation, message, snapshot } from './support/events.js';

function loaded(storage = memoryStorage()) {
  const outbox = new Outbox(() => undefined);
  outbox.load(new Store(storage, 'out:'));
  return { outbox, storage };
}

const keys = (outbox: Outbox, now = 0) => outbox.due(now).map((each) => each.key);
const sent = (seq: number) => ({ seq, cursor: '', at: 0 });

test('of a conversation only the first unanswered message is tried, conversations side by side', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.add('b', 'c1', 'two', 0);
  outbox.add('c', 'c2', 'three', 0);
  expect(keys(outbox)).toEqual(['a', 'c']);
  outbox.flying('a', 0);
  expect(keys(outbox)).toEqual(['c']);
  outbox.answered('a', sent(1), null);
  expect(keys(outbox)).toEqual(['b', 'c']);
});

test('an unknown outcome is tried again with the same key, not before its time', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.flying('a', 0);
  outbox.lost('a', 500);
  expect(keys(outbox, 499)).toEqual([]);
  expect(outbox.nextAt()).toBe(500);
  expect(keys(outbox, 500)).toEqual(['a']);
});

test('a message that a quota holds back waits as long as it is told, and says so', () => {
  const { outbox, storage } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.flying('a', 0);
  outbox.lost('a', 1_700, new ApiError('rate_limited', 'Wait.', true, 1_700, 429));
  expect(outbox.list[0]).toMatchObject({ status: 'sending', error: { code: 'rate_limited' } });
  expect(keys(outbox, 1_699)).toEqual([]);
  expect(keys(outbox, 1_700)).toEqual(['a']);
  expect(loaded(storage).outbox.list[0]).toMatchObject({ status: 'sending', error: null });
  outbox.flying('a', 1_700);
  outbox.lost('a', 2_000, new ApiError('network', 'Gone.', true, null, 0));
  expect(outbox.list[0]).toMatchObject({ status: 'sending', error: null });
});

test('a refused message fails, is shown, and does not hold up the next', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.add('b', 'c1', 'two', 0);
  outbox.flying('a', 0);
  outbox.refused('a', new ApiError('not_member', 'No.', false, null, 403));
  expect(outbox.list[0]).toMatchObject({
    key: 'a',
    status: 'failed',
    error: { code: 'not_member', retry: false },
  });
  expect(keys(outbox)).toEqual(['b']);
  outbox.resend('a');
  expect(outbox.list.map((each) => [each.key, each.status])).toEqual([
    ['b', 'sending'],
    ['a', 'sending'],
  ]);
});

test('only a failed message can be discarded', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.discard('a');
  expect(outbox.list).toHaveLength(1);
  outbox.flying('a', 0);
  outbox.refused('a', new ApiError('invalid', 'No.', false, null, 422));
  outbox.discard('a');
  expect(outbox.list).toHaveLength(0);
});

test('an answered message stays until its event is held', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.flying('a', 0);
  outbox.answered('a', sent(4), 3);
  expect(outbox.list).toHaveLength(1);
  outbox.event(message('c1', 4, 11, { from: 'p1', key: 'a' }), 'p1');
  expect(outbox.list).toHaveLength(0);
});

test('the echo may come before the answer, and the key of somebody else is not ours', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.flying('a', 0);
  outbox.event(message('c1', 4, 11, { from: 'p2', key: 'a' }), 'p1');
  expect(outbox.list).toHaveLength(1);
  outbox.event(message('c1', 5, 12, { from: 'p1', key: 'a' }), 'p1');
  outbox.answered('a', sent(5), 5);
  expect(outbox.list).toHaveLength(0);
});

test('an answer to what is held already ends it', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.flying('a', 0);
  outbox.answered('a', sent(4), 4);
  expect(outbox.list).toHaveLength(0);
});

test('a snapshot ends what it contains', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.add('b', 'c2', 'two', 0);
  const first = { ...conversation('c1', 4), last: message('c1', 4, 9, { from: 'p1', key: 'a' }) };
  outbox.snapshot(snapshot(10, [first, conversation('c2', 1)]));
  expect(outbox.list.map((each) => each.key)).toEqual(['b']);
});

test('messages outlive the page, with their keys and in their order', () => {
  const { outbox, storage } = loaded();
  outbox.add('z', 'c1', 'one', 1);
  outbox.add('y', 'c1', 'two', 2);
  outbox.flying('z', 3);
  const later = loaded(storage).outbox;
  expect(later.list.map((each) => each.key)).toEqual(['z', 'y']);
  expect(keys(later)).toEqual(['z']);
});

test('two tabs that share the storage never overwrite each other, and one takes up what the other left', () => {
  const { outbox, storage } = loaded();
  const other = loaded(storage).outbox;
  outbox.add('a', 'c1', 'one', 1);
  other.add('b', 'c1', 'two', 2);
  const third = loaded(storage).outbox;
  expect(third.list.map((each) => each.key)).toEqual(['a', 'b']);
});

test('what was composed before the person was known is kept', () => {
  const outbox = new Outbox(() => undefined);
  outbox.add('a', 'c1', 'one', 1);
  const storage = memoryStorage();
  outbox.load(new Store(storage, 'out:'));
  expect(outbox.list).toHaveLength(1);
  expect(loaded(storage).outbox.list).toHaveLength(1);
});

test('after the time in which the server remembers keys nothing is tried by itself', () => {
  const { outbox } = loaded();
  outbox.add('a', 'c1', 'one', 0);
  outbox.flying('a', 0);
  outbox.lost('a', 0);
  expect(keys(outbox, unknown_ms_max + 1)).toEqual([]);
  expect(outbox.list[0]).toMatchObject({ status: 'failed', error: { code: 'expired' } });
});

test('a message has its files after a reload, also one that failed', () => {
  const { outbox, storage } = loaded();
  outbox.add('a', 'c1', '', 0, { files: ['f1', 'f2'] });
  outbox.add('b', 'c2', 'no files', 0);
  outbox.flying('a', 0);
  outbox.refused('a', new ApiError('not_found', 'Gone.', false, null, 404));
  const again = loaded(storage).outbox;
  expect(again.list.map((each) => each.files)).toEqual([['f1', 'f2'], undefined]);
  again.resend('a');
  expect(again.due(0).find((each) => each.key === 'a')?.files).toEqual(['f1', 'f2']);
});

test('a message that answers another still does after a reload', () => {
  const { outbox, storage } = loaded();
  outbox.add('a', 'c1', 'yes', 0, { replyTo: 7 });
  outbox.add('b', 'c2', 'no', 0);
  const again = loaded(storage).outbox;
  expect(again.due(0).map((each) => each.replyTo)).toEqual([7, undefined]);
});
