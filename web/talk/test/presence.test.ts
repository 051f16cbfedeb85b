import { describe, expect, it } from 'vitest';
import type { Conversation } from '@encke/sdk';
import { presenceIn, presenceMembersMax } from '../src/model/presence';
import { fromSnapshot } from '../src/model/world';
import { Example, person } from './example';

const site = new Example(person('p1', 'Mei', 'offline'), person('p2', 'Ada', 'away'));
site.create('c1', 'room', 'Orbit', ['p1', 'p2']);
const world = fromSnapshot(site.snapshot('p1'));
const room = (member_count: number): Conversation => ({ ...site.conversation('c1', 'p1'), member_count });

describe('the presence of a member', () => {
  it('is shown up to the number of members that are told of it, and never guessed beyond', () => {
    expect(presenceIn(room(presenceMembersMax), world, 'p2')).toBe('away');
    expect(presenceIn(room(presenceMembersMax + 1), world, 'p2')).toBeNull();
  });

  it('is unknown for a person that is unknown, and online for oneself', () => {
    expect(presenceIn(room(2), world, 'p9')).toBeNull();
    expect(presenceIn(room(2), world, 'p1')).toBe('online');
    expect(presenceIn(room(100_000), world, 'p1')).toBe('online');
  });
});
