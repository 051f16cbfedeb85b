import { describe, expect, it } from 'vitest';
import { choiceOf, fieldsOf, noFields, resultOf } from '../src/model/choice';
import { hashOf, placeInHash, seqInHash } from '../src/model/route';

describe('a choice of tickets', () => {
  it('leaves out what does not matter', () => {
    expect(choiceOf({ ...noFields })).toEqual({ state: 'open' });
    const choice = choiceOf({ ...noFields, tag: ' vip ', priority: '2', minutes: 1.5, owner: 'me' });
    expect(choice).toEqual({ state: 'open', tag: 'vip', priority: 2, waiting_s: 90, owner: 'me' });
  });
  it('comes back from a saved view as it went in', () => {
    const fields = { ...noFields, q: 'dora', page: '/cart', minutes: 5, state: 'snoozed' as const };
    expect(fieldsOf(choiceOf(fields))).toEqual(fields);
    expect(fieldsOf({})).toEqual(noFields);
  });
  it('is summed up when many tickets change', () => {
    const error = { code: 'taken', message: 'Ann has it.', retry: false };
    expect(resultOf([{ id: 'c1' }, { id: 'c2', error }])).toEqual({ done: 1, failed: 1, why: 'Ann has it.' });
  });
});

describe('the address', () => {
  it('names a contact, and nothing that is none', () => {
    expect(placeInHash('#/c3/contacts/p9')).toEqual({ at: 'contacts', desk: 'c3', contact: 'p9' });
    expect(placeInHash('#/c3/contacts')).toEqual({ at: 'contacts', desk: 'c3', contact: null });
    expect(placeInHash('#/c3/contacts/9')).toEqual({ at: 'contacts', desk: 'c3', contact: null });
    expect(hashOf({ at: 'contacts', desk: 'c3', contact: 'p9' })).toBe('#/c3/contacts/p9');
    expect(placeInHash('#/c3/find')).toEqual({ at: 'find', desk: 'c3' });
    expect(seqInHash('#/c3/c7/12')).toBe(12);
    expect(seqInHash('#/c3/c7/p12')).toBeNull();
  });
});
