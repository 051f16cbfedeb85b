import { expect, test } from 'vitest';
import { cardText, factsMax, readCard, readFacts } from '../src/model/facts';

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

test('a card has a title, and an address only if that is one of the web', () => {
  expect(readCard({ price: 7 })).toBeNull();
  const card = readCard({
    title: '**Bold** [x](y)',
    price: 900,
    link: 'javascript:alert(1)',
    picture: 'data:x',
  });
  expect(card).toMatchObject({ price: '900', link: '', picture: '' });
  expect(card && cardText(card)).toBe('**\\*\\*Bold\\*\\* \\[x\\]\\(y\\)**\n900');
  const good = readCard({ title: 'A', link: 'https://shop.example/a' });
  expect(good && cardText(good)).toBe('**A**\nhttps://shop.example/a');
});
