import { describe, expect, it } from 'vitest';
import { isHushed, isMuted, muteEnd, tells, unchosen } from '../src/model/choices';
import { shutTo } from '../src/model/room';
import { loudUnread } from '../src/model/unread';
import { fromSnapshot } from '../src/model/world';
import { Example, person } from './example';

const now = new Date(2026, 10, 20, 23, 30).getTime();
const site = new Example(person('p1'), person('p2'), person('p3'));
site.create('c1', 'room', 'Orbit', ['p2', 'p1', 'p3']);
site.create('c2', 'direct', null, ['p2', 'p1']);
site.say('c1', 'p2', 'one');
const room = site.conversation('c1', 'p1');
const chosen = (choices: Partial<typeof unchosen>) => ({ ...room, choices: { ...unchosen, ...choices } });

describe('what a person chose for a conversation', () => {
  it('tells of all messages, of mentions, or of nothing', () => {
    const told = (choices: Partial<typeof unchosen>): boolean[] =>
      [false, true].map((mentioned) => tells(chosen(choices), mentioned, now));
    expect(told({})).toEqual([true, true]);
    expect(told({ notify: 'mentions' })).toEqual([false, true]);
    expect(told({ archived: true })).toEqual([false, true]);
    expect(told({ notify: 'nothing' })).toEqual([false, false]);
    expect(told({ muted_until: now + 1 })).toEqual([false, false]);
    expect(told({ muted_until: now })).toEqual([true, true]);
    expect([tells(room, false, now), isHushed(room, now), isMuted(room, now)]).toEqual([true, false, false]);
  });

  it('counts as unread in all only where it wants to hear of all', () => {
    const loud = (): number => loudUnread(fromSnapshot(site.snapshot('p1')), now);
    const before = loud();
    site.choose('c1', 'p1', { ...unchosen, muted_until: now + 1 });
    expect(before - loud()).toBe(room.unread);
    site.choose('c1', 'p1', unchosen, false);
    expect(loud()).toBe(before);
  });

  it('ends a mute until tomorrow in the morning of the next day, also at the end of a month', () => {
    expect(muteEnd('hour', now) - now).toBe(3_600_000);
    expect(muteEnd('hours', now) - now).toBe(8 * 3_600_000);
    expect(muteEnd('tomorrow', now)).toBe(new Date(2026, 10, 21, 8).getTime());
    expect(muteEnd('tomorrow', new Date(2026, 11, 31, 1).getTime())).toBe(new Date(2027, 0, 1, 8).getTime());
    expect(muteEnd('always', now)).toBeGreaterThan(new Date(9999, 0).getTime());
  });
});

describe('why somebody cannot write', () => {
  const none: ReadonlySet<string> = new Set();

  it('is a mute, until it is over', () => {
    const members = room.members.map((member) =>
      member.person === 'p1' ? { ...member, muted_until: now + 1 } : member,
    );
    const muted = { ...room, members };
    expect(shutTo(muted, 'p1', none, now)).toEqual({ why: 'muted', until: now + 1 });
    expect(shutTo(muted, 'p1', none, now + 1)).toBeNull();
    expect(shutTo(muted, 'p3', none, now)).toBeNull();
  });

  it('is a room of announcements for members, or a block', () => {
    const announcing = { ...room, announcement: true };
    expect(shutTo(announcing, 'p1', none, now)).toEqual({ why: 'announcement' });
    expect(shutTo({ ...announcing, role: 'moderator' }, 'p1', none, now)).toBeNull();
    const direct = site.conversation('c2', 'p1');
    expect(shutTo(direct, 'p1', none, now)).toBeNull();
    expect(shutTo(direct, 'p1', new Set(['p2']), now)).toEqual({ why: 'blocked' });
    expect(shutTo(room, 'p1', new Set(['p2']), now)).toBeNull();
  });
});
