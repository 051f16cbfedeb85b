import { expect, test } from 'vitest';
import { order } from '../src/cursor.js';

test('positions of one epoch are ordered as numbers, not as text', () => {
  expect(order('ab.9', 'ab.10')).toBe('older');
  expect(order('ab.10', 'ab.9')).toBe('newer');
  expect(order('ab.0a', 'ab.A')).toBe('same');
});

test('positions past 2^53 keep their order', () => {
  expect(order('ab.20000000000000', 'ab.20000000000001')).toBe('older');
});

test('cursors of two epochs, or of an unknown form, have no order', () => {
  expect(order('ab.1', 'ac.2')).toBe('unknown');
  expect(order('something else', 'ab.1')).toBe('unknown');
});
