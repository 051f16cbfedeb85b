import { describe, expect, it } from 'vitest';
import { erased } from '../src/model/amendments';
import { eventAt, quotedOf } from '../src/model/quote';
import { Example, person } from './example';

const site = new Example(person('p1'), person('p2'));
site.create('c1', 'direct', null, ['p1', 'p2']);
const said = site.say('c1', 'p1', 'hello');
site.say('c1', 'p2', 'again');
const events = site.log.filter((event) => event.stream === 'c1');

describe('the message that another one answers', () => {
  it('is found by its number, also in a run with holes', () => {
    expect(eventAt(events, said.seq)).toBe(said);
    expect(eventAt([], 1)).toBeUndefined();
    expect(eventAt(events, 99)).toBeUndefined();
    const [first, , third] = events;
    const holed = [first, third].flatMap((event) => event ?? []);
    expect(eventAt(holed, 3)).toBe(third);
    expect(eventAt(holed, 2)).toBeUndefined();
  });
  it('has the text of its last edit, the name of its file, or nothing once it is recalled', () => {
    expect(quotedOf(said, undefined)).toEqual({ kind: 'message', from: 'p1', text: 'hello' });
    expect(quotedOf(said, { message: said.seq, text: 'hi' })).toMatchObject({ text: 'hi' });
    const file = { id: 'f1', name: 'plan.pdf', bytes: 1, type: 'application/pdf' };
    const sent = { ...said, body: { text: '', files: [file] } };
    expect(quotedOf(sent, undefined)).toMatchObject({ text: 'plan.pdf' });
    expect(quotedOf(erased(said), { message: said.seq, text: 'hi' })).toEqual({ kind: 'recalled' });
    expect(quotedOf(events[0] ?? null, undefined)).toEqual({ kind: 'hidden' });
    expect(quotedOf(null, undefined)).toEqual({ kind: 'hidden' });
  });
});
