import { expect, test } from 'vitest';
import { Backoff, backoff_cap_ms } from '../src/backoff.js';

test('the bound doubles from the base up to the cap', () => {
  const backoff = new Backoff(() => 0.999999);
  const waits = Array.from({ length: 9 }, () => backoff.next());
  expect(waits.slice(0, 4)).toEqual([499, 999, 1999, 3999]);
  expect(waits.at(-1)).toBe(backoff_cap_ms - 1);
});

test('the jitter is full: a wait may be nothing', () => {
  const backoff = new Backoff(() => 0);
  expect([backoff.next(), backoff.next()]).toEqual([0, 0]);
});

test('after a reset the first bound holds again, and a long night does not overflow', () => {
  const backoff = new Backoff(() => 0.5);
  for (let night = 0; night < 5_000; night += 1) backoff.next();
  expect(backoff.next()).toBe(backoff_cap_ms / 2);
  backoff.reset();
  expect(backoff.next()).toBe(250);
});
