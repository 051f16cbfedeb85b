import { expect, test } from 'vitest';
import { factsMax, pictureBytesMax, readCard, readFacts } from '../src/model/facts';

test('facts are a bounded number of texts, whatever the page hands over', () => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`fact ${at}`, at]));
  expect(Object.keys(readFacts(many).attributes)).toHaveLength(factsMax);
  const odd = readFacts(
    JSON.parse('{"name":" Eve ","__proto__":"x","constructor":"y","nested":{"a":1},"yes":true}'),
  );
  expect(odd.name).toBe('Eve');
  expect(Object.entries(odd.attributes)).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['yes', 'true'],
  ]);
  expect(Object.getPrototypeOf(odd.attributes)).toBe(Object.prototype);
  const signed = readFacts({ identity: 'a.b.c', plan: 'gold' });
  expect([signed.identity, signed.attributes]).toEqual(['a.b.c', { plan: 'gold' }]);
  for (const identity of [7, {}]) expect(readFacts({ identity }).identity).toBe('');
  for (const value of [null, 7, 'x', ['a']]) expect(readFacts(value).attributes).toEqual({});
});

test('a card has a title, a link only if that is one of the web, and a picture only if it is one', () => {
  expect(readCard({ price: 7 }, null)).toBeNull();
  expect(readCard('x', null)).toBeNull();
  const odd = readCard(
    { title: ' A\nbike ', price: 900, url: 'javascript:alert(1)', text: { a: 1 } },
    'data:x',
  );
  expect(odd).toEqual({
    card: { title: 'A bike', about: '', price: '900', reference: '', url: '' },
    picture: null,
  });
  const url = (text: string) => readCard({ title: 'A', url: text }, null)?.card.url;
  expect(url('https://shop.example/a?b={c}')).toBe('https://shop.example/a?b=%7Bc%7D');
  for (const wrong of ['http://shop.example/', 'https://a:b@shop.example/', 'data:text/html,x', '//x', 7])
    expect(url(wrong as string)).toBe('');
  const picture = (type: string, bytes: number) =>
    readCard({ title: 'A' }, new Blob([new Uint8Array(bytes)], { type }))?.picture;
  expect(picture('image/png', 9)?.size).toBe(9);
  expect(picture('image/svg+xml', 9)).toBeNull();
  expect(picture('image/png', pictureBytesMax + 1)).toBeNull();
});
