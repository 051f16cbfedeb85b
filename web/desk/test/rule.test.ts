import type { DeskTicket } from '@encke/sdk/desk';
import { describe, expect, it } from 'vitest';
import { nextDue, urgencyOfDue } from '../src/model/due';
import {
  comparisonsOf,
  conditionOf,
  happenings,
  moved,
  subjectsOf,
  templateNames,
  templateOf,
  waitingFor,
} from '../src/model/rule';

describe('rules', () => {
  it('ask only for what there is when something happens', () => {
    for (const when of happenings)
      expect(subjectsOf(when).includes('text')).toBe(['asked', 'wrote', 'answered'].includes(when));
    const rule = { ...templateOf('closed', 'x'), conditions: [conditionOf('text'), conditionOf('hours')] };
    expect(waitingFor(rule, 'rated').conditions).toEqual([conditionOf('hours')]);
    expect(waitingFor(rule, 'waits').after_s).toBeGreaterThan(0);
    expect(waitingFor(templateOf('waits', 'x'), 'asked').after_s).toBe(0);
  });
  it('keep of a condition what fits its new subject', () => {
    const page = { ...conditionOf('page'), value: '/pricing' };
    expect(conditionOf('title', page)).toEqual({ ...page, of: 'title' });
    expect(conditionOf('hours', page)).toEqual({ of: 'hours', name: '', is: 'is', value: 'open' });
    expect(comparisonsOf('stars')).toContain('at_most');
  });
  it('begin with templates that have a name and do something', () => {
    for (const name of templateNames) {
      const rule = templateOf(name, 'A name');
      expect(rule.name).toBe('A name');
      expect(rule.acts.length).toBeGreaterThan(0);
    }
  });
  it('move by a step and stay at the ends', () => {
    expect(moved([1, 2, 3], 0, 1)).toEqual([2, 1, 3]);
    expect(moved([1, 2, 3], 0, -1)).toEqual([1, 2, 3]);
    expect(moved([1, 2, 3], 2, 1)).toEqual([1, 2, 3]);
  });
});

describe('what is due', () => {
  const base = {
    state: 'open',
    asked_at: 0,
    first_answer_at: null,
    waiting_since: 0,
  } as unknown as DeskTicket;
  const due = { first: 100, answer: 300, resolution: 1000 } as NonNullable<DeskTicket['due']>;
  it('is the first answer, then the next one, then the end', () => {
    expect(nextDue({ ...base, due })?.what).toBe('first');
    expect(nextDue({ ...base, first_answer_at: 50, waiting_since: 200, due })).toMatchObject({ at: 300 });
    expect(nextDue({ ...base, first_answer_at: 50, waiting_since: null, due })?.what).toBe('resolution');
    expect(nextDue({ ...base, state: 'resolved', due })).toBeNull();
    expect(nextDue(base)).toBeNull();
  });
  it('turns yellow in its last quarter and red behind its end', () => {
    const next = { what: 'first', at: 100, since: 0 } as const;
    expect([0, 74, 75, 100, 101].map((now) => urgencyOfDue(next, now))).toEqual([
      'early',
      'early',
      'soon',
      'soon',
      'late',
    ]);
  });
});
