import { expect, it } from 'vitest';
import { tokens } from '../src/text/highlight.worker';

it('colours words of code and keeps every letter', () => {
  const text = 'const a = "<b>"; // 数 1\n';
  const found = tokens('ts', text) ?? [];
  expect(found.map((token) => token.text).join('')).toBe(text);
  expect(found.find((token) => token.text === 'const')?.look).toBe('keyword');
  expect(found.find((token) => token.text === '"<b>"')?.look).toBe('string');
  expect(found.find((token) => token.text.startsWith('//'))?.look).toBe('comment');
});

it('leaves code of an unknown language to be shown as it is', () => {
  expect(tokens('no-such-language', 'x')).toBeNull();
  expect(tokens('constructor', 'x')).toBeNull();
});
