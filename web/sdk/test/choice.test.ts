import { expect, test } from 'vitest';
import { aside_ms, Choice, flap_ms, opening_ms, transports_best_first } from '../src/choice.js';
import { FakeClock } from './support/clock.js';

function fresh() {
  const clock = new FakeClock();
  return { clock, choice: new Choice(transports_best_first, clock) };
}

test('the best is tried first, and each that is blocked gives way to the next', () => {
  const { choice } = fresh();
  const tried = transports_best_first.map(() => {
    const name = choice.next();
    if (name !== null) choice.blocked(name);
    return name;
  });
  expect(tried).toEqual(transports_best_first);
});

test('when nothing gets through, none is to blame: all again, after a wait, with more time to open', () => {
  const { choice } = fresh();
  const answers = transports_best_first.map((name) => choice.blocked(name));
  expect(answers).toEqual(['another', 'another', 'another', 'another', 'another', 'none']);
  expect(choice.next()).toBe('websocket');
  expect(choice.openingMs).toBe(2 * opening_ms);
  choice.worked('websocket');
  expect(choice.openingMs).toBe(opening_ms);
});

test('what worked and dropped is tried first', () => {
  const { choice } = fresh();
  choice.blocked('websocket');
  choice.worked('sse');
  expect(choice.dropped('sse', 60_000)).toBe(false);
  expect(choice.next()).toBe('sse');
});

test('what drops at once, three times, counts as blocked', () => {
  const { choice } = fresh();
  choice.worked('websocket');
  expect([1, 2, 3].map(() => choice.dropped('websocket', flap_ms - 1))).toEqual([false, false, true]);
  expect(choice.next()).toBe('sse');
});

test('the turn of a better one comes after some minutes, and each failure doubles them', async () => {
  const { choice, clock } = fresh();
  choice.blocked('websocket');
  choice.worked('sse');
  expect(choice.better('sse')).toEqual({ name: 'websocket', at: clock.now() + aside_ms });
  await clock.advance(aside_ms);
  choice.blocked('websocket');
  expect(choice.better('sse')?.at).toBe(clock.now() + 2 * aside_ms);
});

test('what worked on an earlier page is tried first, and the better ones soon after', () => {
  const clock = new FakeClock();
  const choice = new Choice(transports_best_first, clock, 'ndjson');
  expect(choice.next()).toBe('ndjson');
  choice.worked('ndjson');
  expect(choice.better('ndjson')).toEqual({ name: 'websocket', at: clock.now() + aside_ms / 3 });
});

test('a pinned one is the only one, whatever happens to it', () => {
  const { choice } = fresh();
  choice.pin('iframe');
  expect(choice.blocked('iframe')).toBe('none');
  expect(choice.next()).toBe('iframe');
  expect(choice.better('iframe')).toBeNull();
  choice.pin(null);
  expect(choice.next()).toBe('websocket');
});
