import { describe, expect, it } from 'vitest';
import { afterEvent, hiddenIn, nothingHidden, withConversations, withHidden } from '../src/model/hidden';
import { applyEvent, fromSnapshot } from '../src/model/world';
import { Example, person } from './example';

const site = new Example(person('p1'), person('p2'));
site.create('c1', 'room', 'room', ['p2', 'p1']);
const said = site.say('c1', 'p2', '<@p1> come');
const snapshot = site.snapshot('p1');
const hide = site.append('p1', 'hidden', 'p1', { conversation: 'c1', message: said.seq, on: true });
const show = site.append('p1', 'hidden', 'p1', { conversation: 'c1', message: said.seq, on: false });

describe('what a person has hidden from itself', () => {
  it('is told by pages, by conversations and by events', () => {
    let hidden = withHidden(nothingHidden, 'c1', undefined);
    expect(hidden).toBe(nothingHidden);
    hidden = withHidden(hidden, 'c1', [7]);
    expect([...hiddenIn(hidden, 'c1')]).toEqual([7]);
    expect([...hiddenIn(hidden, 'c2')]).toEqual([]);
    hidden = afterEvent(hidden, hide);
    expect(hiddenIn(hidden, 'c1').has(said.seq)).toBe(true);
    hidden = afterEvent(hidden, show);
    expect([...hiddenIn(hidden, 'c1')]).toEqual([7]);
    expect(afterEvent(hidden, said)).toBe(hidden);
    const [conversation] = snapshot.conversations;
    const both = conversation ? [conversation, { ...conversation, id: 'c2', last_hidden: true }] : [];
    hidden = withConversations(nothingHidden, both);
    expect([[...hiddenIn(hidden, 'c1')], [...hiddenIn(hidden, 'c2')]]).toEqual([[], [said.seq]]);
  });
  it('does not come back by a page that was asked for before it was shown again', () => {
    let hidden = afterEvent(afterEvent(nothingHidden, hide), show);
    hidden = withHidden(hidden, 'c1', [said.seq]);
    expect(hiddenIn(hidden, 'c1').size).toBe(0);
    hidden = afterEvent(hidden, hide);
    expect([...hiddenIn(hidden, 'c1')]).toEqual([said.seq]);
  });
  it('calls the person no more', () => {
    const before = fromSnapshot(snapshot);
    expect(before.conversations.get('c1')?.mentions).toEqual([said.seq]);
    expect(applyEvent(before, hide).conversations.get('c1')?.mentions).toEqual([]);
  });
});
