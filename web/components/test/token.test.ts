import { expect, test } from 'vitest';
import { askedOf, SignedOut } from '../src/session/token';

test('a token is renewed when three quarters of its life are over, and one without an end never', async () => {
  expect(await askedOf(() => ({ token: 'abc', expires_in_s: 100 }))).toEqual({
    text: 'abc',
    goodForMs: 75_000,
  });
  expect(await askedOf(async () => 'abc')).toEqual({ text: 'abc', goodForMs: null });
  // Longer than any timer of a browser.
  const { goodForMs } = await askedOf(() => ({ token: 'abc', expires_in_s: 1e12 }));
  expect(goodForMs).toBe(2 ** 31 - 1);
});

test.each([
  [{ token: '' }],
  [{ token: 'a b' }],
  [{ token: 'a\r\nX-Evil: 1' }],
  [{ token: 'ü' }],
  [{ token: 7 }],
  [{}],
  [null],
  [{ token: 'x'.repeat(8_193) }],
])('%j is no token', async (answer) => {
  await expect(askedOf(() => answer as never)).rejects.toThrow('no token');
});

test('what the site refuses is told apart from what fails', async () => {
  await expect(askedOf(() => Promise.reject(new SignedOut('nobody')))).rejects.toBeInstanceOf(SignedOut);
});
