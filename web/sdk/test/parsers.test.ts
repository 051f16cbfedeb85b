import { expect, test } from 'vitest';
import { asJson } from '../src/as-json.js';
import { asItem, parseItem } from '../src/item.js';
import { Lines, line_chars_max } from '../src/lines.js';
import { SseParser } from '../src/sse-parser.js';

/** Every way to cut `text` in two, and one character at a time. */
function cuts(text: string): string[][] {
  return [
    [...text],
    ...Array.from({ length: text.length + 1 }, (_, at) => [text.slice(0, at), text.slice(at)]),
  ];
}

test('lines are the same however the text is cut', () => {
  for (const pieces of cuts('one\r\n\ntwo\rthree 你好\nrest')) {
    const lines = new Lines();
    expect(pieces.flatMap((piece) => lines.push(piece))).toEqual(['one', '', 'two', 'three 你好']);
  }
});

test('a line without end is refused', () => {
  const lines = new Lines();
  expect(() => lines.push('x'.repeat(line_chars_max + 1))).toThrow('no end');
});

test('server-sent events are the same however the text is cut', () => {
  const text =
    '\uFEFFretry: 2000\n\n:\n\nid: e.1\ndata: {"a":1}\n\ndata:one\ndata: two\nevent: x\n\ndata\n\n';
  for (const pieces of cuts(text)) {
    const parser = new SseParser();
    expect(pieces.flatMap((piece) => parser.push(piece))).toEqual([
      { event: 'message', data: '{"a":1}', id: 'e.1' },
      { event: 'x', data: 'one\ntwo', id: 'e.1' },
      { event: 'message', data: '', id: 'e.1' },
    ]);
  }
});

test('an unknown type is left out, what is not an item is an error', () => {
  expect(asItem({ type: 'something new' })).toEqual([]);
  expect(asItem(null)).toEqual([]);
  expect(() => parseItem('<html>')).toThrow('not JSON');
  expect(() => asItem({ type: 'event', seq: 1 })).toThrow('without cursor');
});

test('arrays are written as arrays, whatever an old library has made of their prototype', () => {
  const old = Array.prototype as { toJSON?: () => string };
  old.toJSON = () => 'an old library';
  try {
    expect(asJson({ files: ['f1', ['f2']], text: 'x', none: undefined })).toBe(
      '{"files":["f1",["f2"]],"text":"x"}',
    );
  } finally {
    delete old.toJSON;
  }
});
