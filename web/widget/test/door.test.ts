import { expect, test } from 'vitest';
import { colorOf, inkOn, luminance, textIn, type Door, type FormField } from '../src/model/door';
import { missing } from '../src/model/form';
import { Keep } from '../src/model/keep';
import { Typists, TypingTeller } from '../src/model/typing';
import { en } from '../src/i18n/en';
import { zhCN } from '../src/i18n/zh-CN';

test('a text is in the language that is asked for, or in the other one', () => {
  expect(textIn({ en: 'Hello', 'zh-CN': '' }, 'zh-CN')).toBe('Hello');
  expect(textIn({ en: '', 'zh-CN': '您好' }, 'zh-CN')).toBe('您好');
  expect(textIn(undefined, 'en')).toBe('');
});

test('what stands on the colour of a desk can be read, and only a colour is one', () => {
  for (const color of ['#000000', '#ffffff', '#ffd54a', '#0a6c7e', '#777777', '#ff0000']) {
    const [a, b] = [luminance(color), luminance(inkOn(color))].sort((x, y) => y - x) as [number, number];
    expect((a + 0.05) / (b + 0.05), color).toBeGreaterThanOrEqual(4);
  }
  for (const color of ['red', '#12', 'url(x)', '#123456;x'])
    expect(colorOf({ desk: { name: '', theme: { color } } } as unknown as Door)).toBe('#0a6c7e');
});

test('a form names what is missing', () => {
  const form: FormField[] = [
    { name: 'who', kind: 'text', label: {}, required: true },
    { name: 'mail', kind: 'email', label: {} },
  ];
  const names = (values: Record<string, string>) => missing(form, values).map(({ name }) => name);
  expect(names({})).toEqual(['who']);
  expect(names({ who: ' ', mail: 'nobody' })).toEqual(['who', 'mail']);
  expect(names({ who: 'Eve', mail: 'eve@example.org' })).toEqual([]);
});

test('where storage is forbidden, the page remembers', () => {
  const keep = new Keep(() => {
    throw new Error('SecurityError');
  }, 'desk');
  keep.set('token', 'x');
  expect(keep.get('token')).toBe('x');
  keep.remove('token');
  expect(keep.get('token')).toBeNull();
});

test('typing is forgotten, and told now and then', () => {
  const typists = new Typists();
  typists.heard('p2', true, 0);
  expect([typists.at(5_999), typists.at(6_001)]).toEqual([['p2'], []]);
  const told: boolean[] = [];
  const teller = new TypingTeller((on) => told.push(on));
  for (const [text, now] of [
    ['a', 0],
    ['ab', 1_000],
    ['abc', 3_100],
    ['', 3_200],
    ['', 3_300],
  ] as const)
    teller.wrote(text, now);
  expect(told).toEqual([true, true, false]);
});

test('both languages have the same words', () => {
  expect(Object.keys(zhCN)).toEqual(Object.keys(en));
  expect(Object.keys(zhCN.error)).toEqual(Object.keys(en.error));
});
