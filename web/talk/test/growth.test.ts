import { describe, expect, it } from 'vitest';
import type { Amended } from '@encke/sdk';
import { furtherGrown, grownBy, type GrowthEvent } from '../src/model/growth';

const message = 4;

function event(kind: 'piece' | 'grown', n: number, text: string): GrowthEvent {
  return {
    kind,
    stream: 'g1',
    seq: n,
    at: 0,
    cursor: '',
    from: 'p2',
    body: { message, n, text },
  } as GrowthEvent;
}

const at = (text: string, pieces: number): Amended => ({
  message,
  text,
  growth: { state: 'growing', pieces },
});

describe('a growing message', () => {
  it('gets longer by each piece, whatever stands beside its text', () => {
    const pinned: Amended = { message, pinned: true };
    const one = grownBy(pinned, 'So: ', event('piece', 1, 'a'));
    expect(one).toEqual({ ...at('So: a', 1), pinned: true });
    expect(grownBy(one ?? undefined, 'So: ', event('piece', 2, 'b'))?.text).toBe('So: ab');
  });

  it('passes over pieces that it has, and says when one is missing', () => {
    expect(grownBy(at('ab', 2), '', event('piece', 2, 'b'))).toEqual(at('ab', 2));
    expect(grownBy(at('ab', 2), '', event('piece', 4, 'd'))).toBeNull();
    expect(grownBy(undefined, '', event('piece', 2, 'b'))).toBeNull();
  });

  it('takes all of the text so far in place of what it has', () => {
    expect(grownBy(undefined, '', event('grown', 41, 'all'))).toEqual(at('all', 41));
    expect(grownBy(at('more than all', 42), '', event('grown', 41, 'all'))?.text).toBe('more than all');
  });

  it('shows who has asked to stop', () => {
    const asked = { ...event('piece', 0, ''), kind: 'stop_asked', body: { message } } as GrowthEvent;
    expect(grownBy(at('a', 1), '', asked)?.growth?.stop_by).toBe('p2');
  });

  it('stays as it ended', () => {
    const done: Amended = { message, text: 'end', growth: { state: 'done', pieces: 1 } };
    expect(grownBy(done, '', event('piece', 2, 'b'))).toBe(done);
  });

  it('is not set back by an answer that is older than the feed', () => {
    expect(furtherGrown(at('abc', 3), at('ab', 2))).toEqual(at('abc', 3));
    expect(furtherGrown(at('ab', 2), at('abc', 3))).toEqual(at('abc', 3));
    const done: Amended = { message, text: 'end', growth: { state: 'done', pieces: 3 } };
    expect(furtherGrown(at('abcd', 4), done)).toBe(done);
  });
});
