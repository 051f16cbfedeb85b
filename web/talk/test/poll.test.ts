import { describe, expect, it } from 'vitest';
import { chosen, optionsOf, pollFault, pollView, type Poll } from '../src/model/poll';
import { questionIn } from '../src/model/poll-command';

const poll: Poll = { options: ['green', 'black', 'none'] };

describe('a poll', () => {
  it('shows the votes that the server has counted', () => {
    const view = pollView(poll, { counts: [1, 3, 0], voters: 4, mine: [1] }, null, 0);
    expect(view.options.map(({ votes, percent, mine }) => [votes, percent, mine])).toEqual([
      [1, 25, false],
      [3, 75, true],
      [0, 0, false],
    ]);
    expect([view.voters, view.open]).toEqual([4, true]);
    expect(pollView(poll, undefined, null, 0).options.map(({ votes }) => votes)).toEqual([0, 0, 0]);
  });

  it('counts what was chosen a moment ago already', () => {
    const result = { counts: [1, 3, 0], voters: 4, mine: [1] };
    const moved = pollView(poll, result, [0], 0);
    expect([moved.options.map(({ votes }) => votes), moved.voters]).toEqual([[2, 2, 0], 4]);
    const takenBack = pollView(poll, result, [], 0);
    expect([takenBack.options.map(({ votes }) => votes), takenBack.voters]).toEqual([[1, 2, 0], 3]);
    const first = pollView(poll, undefined, [2], 0);
    expect([first.options.map(({ percent }) => percent), first.voters]).toEqual([[0, 0, 100], 1]);
  });

  it('is open until its end, or until somebody closes it', () => {
    expect(pollView({ ...poll, ends_at: 5 }, undefined, null, 4).open).toBe(true);
    expect(pollView({ ...poll, ends_at: 5 }, undefined, null, 5).open).toBe(false);
    expect(pollView(poll, { counts: [0, 0, 0], voters: 0, mine: [], closed_at: 1 }, null, 0).open).toBe(
      false,
    );
  });

  it('takes one answer or several', () => {
    expect(chosen([1], 0, false)).toEqual([0]);
    expect(chosen([1], 1, false)).toEqual([]);
    expect(chosen([2], 0, true)).toEqual([0, 2]);
    expect(chosen([0, 2], 0, true)).toEqual([2]);
  });

  it('begins with what stands behind the command', () => {
    expect(questionIn('/poll')).toBe('');
    expect(questionIn(' /poll  Tea or\ncoffee? ')).toBe('Tea or\ncoffee?');
    for (const text of ['', 'poll', '/polls', '/pollTea', 'a /poll', '//poll'])
      expect(questionIn(text)).toBeNull();
  });

  it('says what is missing', () => {
    expect(pollFault('Tea?', ['a', ' b '])).toBeNull();
    expect(pollFault(' ', ['a', 'b'])).toBe('question');
    expect(pollFault('茶'.repeat(334), ['a', 'b'])).toBe('questionLong');
    expect(pollFault('Tea?', ['a', ' ', ''])).toBe('options');
    expect(pollFault('Tea?', ['a', 'x'.repeat(201)])).toBe('optionLong');
    expect(pollFault('Tea?', ['a', 'b', 'a '])).toBe('same');
    expect(optionsOf([' a\tb ', '', '茶'])).toEqual(['a b', '茶']);
  });
});
