import { describe, expect, it } from 'vitest';
import { textPaths } from '@encke/ui/testing';
import { profileWords } from '../src/i18n/profile-words';
import { lastSeenOf, seenText } from '../src/model/last-seen';
import { statusLine, statusOf } from '../src/model/status';
import { endAt, ends, suggestions } from '../src/model/status-times';
import { applyEvent, fromSnapshot, withPerson } from '../src/model/world';
import { Example, person } from './example';

describe('a status', () => {
  const status = { emoji: '📅', text: 'In a meeting', until: 1_000 };
  it('ends by itself', () => {
    expect(statusOf({ status }, 999)).toEqual(status);
    expect(statusOf({ status }, 1_000)).toBeNull();
    expect(statusOf({ status: { text: 'here' } }, 1e15)).toEqual({ text: 'here' });
    expect(statusOf({}, 0)).toBeNull();
    expect(statusOf(null, 0)).toBeNull();
  });
  it('is said in one line', () => {
    expect(statusLine(status)).toBe('📅 In a meeting');
    expect(statusLine({ emoji: '🌴', text: '' })).toBe('🌴');
    expect(statusLine({ text: 'here' })).toBe('here');
  });
  it('has ends that are offered in local time', () => {
    const at = (text: string): number => new Date(text).getTime();
    const wednesday = at('2025-11-19T12:00');
    const offered = (now: number): (number | null)[] => ends.map((end) => endAt(end, now));
    const [half, hour, hours] = [1_800_000, 3_600_000, 14_400_000].map((ms) => wednesday + ms);
    const midnights = [at('2025-11-20T00:00'), at('2025-11-24T00:00')];
    expect(offered(wednesday)).toEqual([null, half, hour, hours, ...midnights, null]);
    expect(endAt('week', at('2025-11-23T23:59'))).toBe(at('2025-11-24T00:00'));
    expect(endAt('week', at('2025-11-24T00:01'))).toBe(at('2025-12-01T00:00'));
    for (const { end } of suggestions) expect(ends).toContain(end);
  });
});

describe('a person who shows something else', () => {
  const site = new Example(person('p1', 'Mei'), person('p2', 'Tom'));
  site.create('c1', 'direct', null, ['p1', 'p2']);
  const before = fromSnapshot(site.snapshot('p1'));
  const told = (who: string) => site.append('a1', 'person_changed', who, { person: who });
  it('is read anew if it is known, and counts as no message', () => {
    const after = applyEvent(before, told('p2'));
    expect([...after.changed]).toEqual(['p2']);
    expect(after.conversations.get('c1')).toEqual(before.conversations.get('c1'));
    expect(applyEvent(before, told('p9')).changed.size).toBe(0);
    const seen = { ...person('p2', 'Tom', 'offline'), picture: '/v1/files/f1', status: { text: 'here' } };
    const read = withPerson(after, seen);
    expect(read.changed.size).toBe(0);
    expect(read.people.get('p2')).toEqual({ ...seen, presence: 'online' });
    expect(withPerson(read, person('p2', 'Tom')).people.get('p2')).not.toHaveProperty('status');
  });
  it('may be the person at this page', () => {
    const now = withPerson(before, { ...person('p1', 'Mei'), status: { text: 'here' } });
    expect(now.me.status).toEqual({ text: 'here' });
    expect(now.me.site_name).toBe(before.me.site_name);
    expect(withPerson(now, person('p1', 'Mei')).me).not.toHaveProperty('status');
  });
});

describe('when somebody was last seen', () => {
  const tom = { ...person('p2', 'Tom', 'offline'), last_seen: 60_000 };
  it('is known of those who are offline, to those who do not hide it', () => {
    expect(lastSeenOf(tom, {})).toBe(60_000);
    expect(lastSeenOf({ ...tom, presence: 'away' }, {})).toBeNull();
    expect(lastSeenOf(tom, { hides_last_seen: true })).toBeNull();
    expect(lastSeenOf(person('p2', 'Tom', 'offline'), {})).toBeNull();
  });
  it('is a time of today, and days before that', () => {
    const at = (text: string): number => new Date(text).getTime();
    const now = at('2025-11-19T12:00');
    const said = (text: string): string[] =>
      (['en', 'zh-CN'] as const).map((l) => seenText(at(text), now, l));
    expect(said('2025-11-19T10:42')).toEqual(['10:42', '10:42']);
    expect(said('2025-11-18T23:59')).toEqual(['yesterday', '昨天']);
    expect(said('2025-11-16T10:42')).toEqual(['3 days ago', '3天前']);
  });
});

describe('the words of profiles', () => {
  it('have the same keys, none of them empty', () => {
    expect(textPaths(profileWords['zh-CN'])).toEqual(textPaths(profileWords.en));
    expect(textPaths(profileWords).filter((path) => path.endsWith('(empty)'))).toEqual([]);
  });
});
