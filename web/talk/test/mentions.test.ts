import { describe, expect, it } from 'vitest';
import { nextMention, totalMentions } from '../src/model/unread';
import { applyEvent, fromSnapshot, markRead } from '../src/model/world';
import { Example, person } from './example';

describe('unread mentions', () => {
  const site = new Example(person('p1'), person('p2'));
  site.create('c1', 'room', 'One', ['p2', 'p1']);
  site.create('c2', 'room', 'Two', ['p2', 'p1']);
  const first = site.say('c1', 'p2', 'hey <@p1>');
  site.say('c1', 'p2', 'nobody is called');
  const second = site.say('c1', 'p2', '<@p1> again');
  const elsewhere = site.say('c2', 'p2', '<@all> come');
  const world = fromSnapshot(site.snapshot('p1'));

  it('are counted over all conversations, until they are read or recalled', () => {
    expect(totalMentions(world)).toBe(3);
    expect(totalMentions(markRead(world, 'c1', first.seq))).toBe(2);
    const recalled = site.append('a1', 'recalled', 'p2', { message: second.seq });
    expect(totalMentions(applyEvent(world, recalled))).toBe(2);
  });

  it('are gone through one by one: first here, then elsewhere, then from the beginning', () => {
    expect(nextMention(world, 'c1', 0)).toEqual({ conversation: 'c1', seq: first.seq });
    expect(nextMention(world, 'c1', first.seq)).toEqual({ conversation: 'c1', seq: second.seq });
    expect(nextMention(world, 'c1', second.seq)).toEqual({ conversation: 'c2', seq: elsewhere.seq });
    expect(nextMention(world, null, 0)).toEqual({ conversation: 'c2', seq: elsewhere.seq });
    const read = markRead(world, 'c2', elsewhere.seq);
    expect(nextMention(read, 'c1', second.seq)).toEqual({ conversation: 'c1', seq: first.seq });
    expect(nextMention(markRead(read, 'c1', second.seq), 'c1', 0)).toBeNull();
  });
});
