import { expect, test } from 'vitest';
import { line, readTold, titleLettersMax, urlLettersMax } from '../src/protocol';

test('only marked messages of a known kind are messages', () => {
  for (const data of [
    null,
    7,
    'hello',
    [],
    {},
    { say: 'open' },
    { encke: 'encke-desk' },
    { encke: 'x', say: 'open' },
  ])
    expect(readTold(data)).toBeNull();
  expect(readTold({ encke: 'encke-desk', say: 'eval', code: '1' })).toBeNull();
  expect(readTold({ encke: 'encke-desk', say: 'open', open: 'yes' })).toEqual({ say: 'open', open: false });
});

test('a page is bounded text, and its address one of the web without secrets in front or behind', () => {
  const page = (url: unknown, title: unknown = '') => {
    const told = readTold({ encke: 'encke-desk', say: 'page', page: { url, title } });
    return told?.say === 'page' ? told.page : null;
  };
  expect(page('javascript:alert(1)')?.url).toBe('');
  expect(page({ toString: () => 'https://a.b/' })?.url).toBe('');
  expect(page('https://me:secret@shop.example/a?b=c#token')?.url).toBe('https://shop.example/a?b=c');
  expect(page('https://shop.example/#/cart')?.url).toBe('https://shop.example/#/cart');
  expect(page(`https://shop.example/${'a'.repeat(5_000)}`)?.url.length).toBe(urlLettersMax);
  expect(page('', `a\u0000b\n${'c'.repeat(999)}`)?.title).toHaveLength(titleLettersMax);
  expect(line('a\u0000\u2028b', 10)).toBe('a b');
});
