import { expect, test } from 'vitest';
import { Turns } from '../src/model/turns';

test('an act that is asked for during another is done after it, also if that one fails', async () => {
  const turns = new Turns(2);
  const done: string[] = [];
  const first = turns.take(async () => {
    await Promise.resolve();
    done.push('first');
    throw new Error('refused');
  });
  const second = turns.take(() => {
    done.push('second');
    return Promise.resolve(true);
  });
  await expect(first).rejects.toThrow('refused');
  expect(await second).toBe(true);
  expect(done).toEqual(['first', 'second']);
});

test('a key that is held down is heard a bounded number of times', async () => {
  const turns = new Turns(2);
  let done = 0;
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      turns.take(() => {
        done += 1;
        return Promise.resolve(true);
      }),
    ),
  );
  expect(done).toBe(3);
  expect(answers.filter(Boolean)).toHaveLength(3);
});
