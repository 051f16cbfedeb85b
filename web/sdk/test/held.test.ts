import { expect, test } from 'vitest';
import { Held } from '../src/held.js';
import type { EventOf } from '../src/types.js';
import { conversation, cursorAt, message, snapshot } from './support/events.js';

function holding(): Held {
  const held = new Held();
  held.seed(snapshot(10, [conversation('c1', 3, 7)]));
  return held;
}

test('the next number is taken and moves the cursor', () => {
  const held = holding();
  expect(held.take(message('c1', 4, 11))).toBe('next');
  expect(held.cursor).toBe(cursorAt(11));
});

test('what came already is a duplicate, by its cursor or by its number', () => {
  const held = holding();
  expect(held.take(message('c1', 4, 9))).toBe('duplicate');
  expect(held.take(message('c1', 3, 12))).toBe('duplicate');
  held.take(message('c1', 4, 13));
  expect(held.take(message('c1', 4, 13))).toBe('duplicate');
});

test('a missing number is a gap, and the cursor stays before it', () => {
  const held = holding();
  expect(held.take(message('c1', 5, 12))).toBe('gap');
  expect(held.cursor).toBe(cursorAt(10));
  expect(held.take(message('c1', 4, 11))).toBe('next');
});

test('receipts have their own numbers', () => {
  const held = holding();
  expect(held.take(message('r1', 9, 11))).toBe('gap');
  expect(held.take(message('r1', 8, 11))).toBe('next');
});

test('a stream that is not known starts where it starts', () => {
  const held = holding();
  expect(held.take(message('channel:news', 41, 11))).toBe('next');
  expect(held.take(message('channel:news', 43, 12))).toBe('gap');
});

test('a conversation that is added brings its numbers, one that is removed takes them along', () => {
  const held = holding();
  const added: EventOf<'conversation_added'> = {
    ...message('p1', 1, 11),
    kind: 'conversation_added',
    body: { conversation: conversation('c2', 5, 2), people: [] },
  };
  expect(held.take(added)).toBe('next');
  expect(held.take(message('c2', 7, 12))).toBe('gap');
  expect(held.take(message('c2', 6, 12))).toBe('next');
  for (const [place, companion] of ['r2', 'a2', 'g2'].entries()) {
    expect(held.take(message(companion, 3, 13 + place))).toBe('next');
    expect(held.take(message(companion, 5, 16))).toBe('gap');
  }
  const removed: EventOf<'conversation_removed'> = {
    ...message('p1', 2, 16),
    kind: 'conversation_removed',
    body: { conversation: 'c2' },
  };
  held.take(removed);
  for (const [place, stream] of ['c2', 'r2', 'a2', 'g2'].entries()) {
    expect(held.take(message(stream, 20, 17 + place))).toBe('next');
  }
});

test('who looks at a ticket again has missed what was said meanwhile, and nothing is a gap', () => {
  const held = holding();
  for (const [place, stream] of ['c7', 'a7', 'n7'].entries()) held.take(message(stream, 3, 11 + place));
  const looks: EventOf<'ticket_followed'> = {
    ...message('p1', 1, 15),
    kind: 'ticket_followed',
    body: { ticket: 'c7', on: true },
  };
  expect(held.take(looks)).toBe('next');
  for (const [place, stream] of ['c7', 'a7', 'n7'].entries())
    expect(held.take(message(stream, 20, 16 + place))).toBe('next');
});

test('a cursor that is reached never goes back', () => {
  const held = holding();
  held.reached(cursorAt(20));
  held.reached(cursorAt(15));
  expect(held.cursor).toBe(cursorAt(20));
});
