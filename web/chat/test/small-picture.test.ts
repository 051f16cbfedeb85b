import { expect, it } from 'vitest';
import { isEmojiName, nameFrom } from '../src/model/small-picture';

it('makes the name of an emoji of that of its file', () => {
  expect(nameFrom('Party Parrot.GIF')).toBe('party_parrot');
  expect(nameFrom('图片.png')).toBe('');
  expect(nameFrom('--ship it!!.webp')).toBe('ship_it');
  expect(nameFrom(`${'x'.repeat(40)}.png`)).toBe('x'.repeat(32));
});

it('knows which names the server takes', () => {
  for (const name of ['ok', '100', 'a-b+c', 'x'.repeat(32)]) expect(isEmojiName(name)).toBe(true);
  for (const name of ['', 'a', 'Ship', '_ab', 'a b', '中文', 'x'.repeat(33)])
    expect(isEmojiName(name)).toBe(false);
});
