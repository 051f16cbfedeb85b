import { expect, it } from 'vitest';
import { filled } from '../src/model/canned';

it('names stand in the places of variables, and everything else stays', () => {
  const named = { visitor: '$& Ingrid {{agent}}', agent: '林悦' };
  expect(filled('Hello {{visitor}}, this is {{ agent }}.', named)).toBe(
    'Hello $& Ingrid {{agent}}, this is 林悦.',
  );
  expect(filled('{{order}} {visitor} {{visitor', named)).toBe('{{order}} {visitor} {{visitor');
});
