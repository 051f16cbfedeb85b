import { expect, test } from 'vitest';
import { greetingFor } from '../src/model/greeting';
import { DraftTeller, pause_ms } from '../src/model/teller';

const greeting = (page: string) => ({ page, after_s: 0, text: { en: page } });

test('a greeting appears on the pages that it is for', () => {
  const on = (page: string, path: string) =>
    greetingFor([greeting(page)], `https://shop.example${path}`) !== null;
  expect(on('', '/anything')).toBe(true);
  expect(on('/cart', '/cart')).toBe(true);
  expect(on('/cart', '/cart?a=1#b')).toBe(true);
  expect(on('/cart', '/cart/2')).toBe(false);
  expect(on('/cart*', '/cart/2')).toBe(true);
  expect(on('/cart*', '/car')).toBe(false);
  expect(on('*/pay', '/en/cart/pay')).toBe(true);
  expect(on('/a*b*c', '/a-b-c')).toBe(true);
  expect(on('/a*a', '/a')).toBe(false);
  expect(on('/x*', '/y')).toBe(false);
  expect(greetingFor([greeting('/a'), greeting('')], 'https://x/b')?.page).toBe('');
  expect(greetingFor([greeting('')], 'no address')).toBeNull();
});

test('a pattern made to be slow is not', () => {
  const begin = Date.now();
  greetingFor([greeting(`${'*a'.repeat(95)}*b`)], `https://x/${'a'.repeat(900)}`);
  expect(Date.now() - begin).toBeLessThan(100);
});

test('what is typed is told at once, then the newest after each pause, and a text that was sent no more', () => {
  const told: string[] = [];
  let due: (() => void)[] = [];
  const teller = new DraftTeller(
    (ms, task) => {
      expect(ms).toBe(pause_ms);
      due.push(task);
      return () => undefined;
    },
    (text) => told.push(text),
  );
  const pass = () => {
    const now = due;
    due = [];
    now.forEach((task) => task());
  };
  for (const text of ['H', 'He', 'Hel']) teller.wrote(text);
  expect(told).toEqual(['H']);
  pass();
  expect(told).toEqual(['H', 'Hel']);
  teller.wrote('');
  pass();
  expect(told).toEqual(['H', 'Hel', '']);
  teller.wrote('Bye');
  teller.sent();
  pass();
  expect(told).toEqual(['H', 'Hel', '']);
});
