import { describe, expect, it } from 'vitest';
import { fetchAgainMs, fetched } from '../src/plain';
import { TestClock } from '../src/testing';

describe('a part of the page', () => {
  it('is asked for again while the server is away', async () => {
    const clock = new TestClock();
    let asked = 0;
    const part = fetched(() => {
      asked += 1;
      return asked < 3 ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve('part');
    }, clock);
    for (const count of [1, 2]) {
      await expect.poll(() => asked).toBe(count);
      await Promise.resolve();
      clock.pass(fetchAgainMs);
    }
    expect(await part).toBe('part');
    expect(asked).toBe(3);
  });
});
