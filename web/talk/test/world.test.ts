import { describe, expect, it } from 'vitest';
import type { Snapshot } from '@encke/sdk';
import {
  applyEvent,
  fromSnapshot,
  knowsAll,
  learn,
  markRead,
  seenSeq,
  withConversation,
  withPresence,
  type World,
} from '../src/model/world';
import { choicesOf, unchosen } from '../src/model/choices';
import { totalUnread } from '../src/model/unread';
import { reachOf } from '../src/model/tick';
import { Example, person } from './example';

const example = (): Example =>
  new Example(person('p1', 'Mei'), person('p2', '林晓雨'), person('p3', 'Ada'), person('p4', 'Kenji'));

/** The world in the shape of a snapshot; names of people that left are kept on purpose and left out here. */
function asSnapshot(world: World): Snapshot {
  const conversations = [...world.conversations.values()];
  const shared = new Set(conversations.flatMap((one) => one.members.map((member) => member.person)));
  const people = [...world.people.values()].filter((one) => shared.has(one.id));
  const invitations = [...world.invitations.values()];
  const unread = {
    conversations: conversations.filter((one) => one.unread > 0).length,
    messages: totalUnread(world),
  };
  const { cursor, me } = world;
  const threads = { conversations: 0, messages: 0 };
  const whole = { threads, conversations_before: null, invitations_more: false };
  const kept = {
    drafts: [],
    drafts_more: false,
    scheduled: { waiting: 0, failed: 0 },
    reminders: { waiting: 0, due: 0 },
  };
  const pinned = conversations.filter((one) => choicesOf(one).pinned).map(({ id }) => id);
  const own = { pinned, folders: [...world.folders], blocked: [...world.blocked] };
  return ordered({ cursor, me, people, conversations, unread, invitations, ...own, ...whole, ...kept });
}
function ordered(snapshot: Snapshot): Snapshot {
  const byId = (a: { id: string }, b: { id: string }): number => a.id.localeCompare(b.id);
  return {
    ...snapshot,
    people: [...snapshot.people].sort(byId),
    conversations: [...snapshot.conversations].sort(byId),
    pinned: [...snapshot.pinned].sort(),
    blocked: [...snapshot.blocked].sort(),
  };
}

/** A busy afternoon, cut anywhere: what came before the cut is in the snapshot, the rest comes by the feed. */
const afternoon: ((site: Example) => void)[] = [
  (site) => site.create('c1', 'room', 'Orbit', ['p1', 'p2']),
  (site) => site.say('c1', 'p2', '你好 <@p1>'),
  (site) => site.mark('c1', 'p1', 'delivered', 2),
  (site) => site.say('c1', 'p1', 'hello', 'k1'),
  (site) => site.create('c2', 'direct', null, ['p3', 'p1']),
  (site) => site.say('c2', 'p3', '<@p1> one'),
  (site) => site.say('c2', 'p3', 'two'),
  (site) => site.join('c1', 'p4', 'p2'),
  (site) => site.mark('c2', 'p1', 'read', 2),
  (site) => site.say('c1', 'p4', 'joined'),
  (site) => site.role('c1', 'p2', 'owner', 'p1'),
  (site) => site.role('c1', 'p1', 'member', 'p2'),
  (site) => site.change('c1', 'Orbits', 'p2'),
  (site) => site.mark('c1', 'p2', 'read', 6),
  (site) => site.mark('c1', 'p1', 'read', 5),
  (site) => site.choose('c1', 'p1', { ...unchosen, pinned: true, notify: 'mentions' }),
  (site) => site.mute('c1', 'p1', 9_000, 'p2'),
  (site) => site.announce('c1', 'Comets', true, 'p2'),
  (site) => site.block('p1', 'p3', true),
  (site) => site.choose('c2', 'p1', { ...unchosen, folder: 'Later', archived: true }),
  (site) => site.mute('c1', 'p4', 9_000, 'p2'),
  (site) => site.mute('c1', 'p4', null, 'p2'),
  (site) => site.role('c1', 'p1', 'moderator', 'p2'),
  (site) => site.choose('c1', 'p1', unchosen, false),
  (site) => site.announce('c1', '', false, 'p2'),
  (site) => site.block('p1', 'p2', true),
  (site) => site.block('p1', 'p3', false),
  (site) => site.leave('c1', 'p4', 'p2'),
  (site) => site.say('c2', 'p1', 'three'),
  (site) => site.say('c2', 'p3', 'four <@p2> <@p1>'),
  (site) => site.create('c3', 'room', 'Short', ['p2', 'p1']),
  (site) => site.leave('c3', 'p1', 'p2'),
  (site) => site.join('c3', 'p1', 'p2'),
  (site) => site.say('c3', 'p2', 'back'),
];

describe('snapshot plus events', () => {
  it('is a fresh snapshot, wherever the cut is', () => {
    for (let cut = 0; cut <= afternoon.length; cut += 1) {
      const site = example();
      afternoon.slice(0, cut).forEach((step) => step(site));
      let world = fromSnapshot(site.snapshot('p1'));
      let from = site.log.length;
      for (const step of afternoon.slice(cut)) {
        step(site);
        for (const event of site.log.slice(from)) {
          // Another person's stream is not delivered to this one.
          if (!event.stream.startsWith('p') || event.stream === 'p1') world = applyEvent(world, event);
        }
        from = site.log.length;
        expect({ ...asSnapshot(world), cursor: '' }, `cut ${cut}`).toEqual({
          ...ordered(site.snapshot('p1')),
          cursor: '',
        });
      }
    }
  });

  it('takes every event twice without a difference', () => {
    const site = example();
    const start = fromSnapshot(site.snapshot('p1'));
    afternoon.slice(0, 27).forEach((step) => step(site));
    const once = site.feed('p1', 0).reduce(applyEvent, start);
    const twice = site.feed('p1', 0).reduce(applyEvent, once);
    expect(asSnapshot(twice)).toEqual(asSnapshot(once));
  });

  it('never changes what it was given', () => {
    const site = example();
    site.create('c1', 'room', 'Orbit', ['p1', 'p2']);
    const world = fromSnapshot(site.snapshot('p1'));
    const before = structuredClone(asSnapshot(world));
    applyEvent(world, site.say('c1', 'p2', 'x'));
    expect(asSnapshot(world)).toEqual(before);
  });
});

describe('unread', () => {
  it('is the head less the greatest of read mark, join and own last send', () => {
    const site = example();
    site.create('c1', 'room', 'Orbit', ['p1', 'p2']);
    let world = fromSnapshot(site.snapshot('p1'));
    const unread = (): number => world.conversations.get('c1')?.unread ?? -1;
    expect(unread()).toBe(0);
    world = applyEvent(world, site.say('c1', 'p2', 'a'));
    world = applyEvent(world, site.say('c1', 'p2', 'b'));
    expect(unread()).toBe(2);
    world = applyEvent(world, site.say('c1', 'p1', 'mine'));
    expect(unread()).toBe(0);
    world = applyEvent(world, site.say('c1', 'p2', 'c'));
    world = applyEvent(world, site.say('c1', 'p2', 'd'));
    expect(unread()).toBe(2);
    world = markRead(world, 'c1', 5);
    expect(unread()).toBe(1);
    expect(totalUnread(world)).toBe(1);
    // Between leaving and being told, the person's own mark is no member's. It still counts, so that unread comes to rest.
    world = applyEvent(world, site.append('c1', 'member_left', 'p1', { person: 'p1', by: 'p1' }));
    world = markRead(world, 'c1', 7);
    expect(markRead(world, 'c1', 7)).toBe(world);
    expect(unread()).toBe(0);
  });

  it('does not grow again by an older mark from another device', () => {
    const site = example();
    site.create('c1', 'direct', null, ['p2', 'p1']);
    for (const text of 'abc') site.say('c1', 'p2', text);
    let world = markRead(fromSnapshot(site.snapshot('p1')), 'c1', 4);
    site.mark('c1', 'p1', 'read', 2);
    world = applyEvent(world, site.log.at(-1)!);
    expect(world.conversations.get('c1')).toMatchObject({ read_seq: 4, unread: 0 });
    expect(seenSeq(world.conversations.get('c1')!)).toBe(4);
  });
});

describe('a room of which only some members are known', () => {
  const large = (): [Example, World] => {
    const site = example();
    site.create('c1', 'room', 'Orbit', ['p2', 'p1', 'p3', 'p4']);
    const snapshot = site.snapshot('p1');
    for (const each of snapshot.conversations) each.members = each.members.slice(0, 2);
    return [site, fromSnapshot(snapshot)];
  };
  const room = (world: World) => world.conversations.get('c1')!;

  it('counts who joins and leaves, also those that it does not know', () => {
    const [site, start] = large();
    let world = start;
    let from = site.log.length;
    const follow = (): void => {
      world = site.feed('p1', from).reduce(applyEvent, world);
      from = site.log.length;
    };
    expect([room(world).member_count, knowsAll(room(world))]).toEqual([4, false]);
    site.leave('c1', 'p3', 'p3');
    follow();
    expect([room(world).member_count, room(world).members.length]).toEqual([3, 2]);
    site.leave('c1', 'p4', 'p2');
    follow();
    expect([room(world).member_count, knowsAll(room(world))]).toEqual([2, true]);
    site.join('c1', 'p3', 'p2');
    follow();
    expect(room(world)).toEqual(site.conversation('c1', 'p1'));
  });

  it('does not remember more and more members', () => {
    const [site, start] = large();
    let world = start;
    for (let number = 10; number < 400; number += 1) {
      site.people.set(`p${number}`, person(`p${number}`));
      site.join('c1', `p${number}`, 'p2');
      world = applyEvent(world, site.log.at(-1)!);
    }
    expect([room(world).member_count, room(world).members.length]).toEqual([394, 200]);
  });

  it('takes its own marks from its own stream', () => {
    const [site, start] = large();
    let world = start;
    for (const text of 'abc') world = applyEvent(world, site.say('c1', 'p2', text));
    const marks = [{ person: 'p1', delivered: 3, read: 3 }];
    world = applyEvent(world, site.append('p1', 'marked', undefined, { conversation: 'c1', marks }));
    expect(room(world)).toMatchObject({ read_seq: 3, unread: 1, receipts_seq: 0 });
  });

  it('never says that all have read', () => {
    const [site, start] = large();
    const said = site.say('c1', 'p1', 'hello');
    site.mark('c1', 'p2', 'read', said.seq);
    const world = site.feed('p1', 0).reduce(applyEvent, start);
    const reach = reachOf(said.seq, 'p1', room(world), new Map());
    expect([reach.tick, reach.others, reach.read]).toEqual(['stored', 3, ['p2']]);
  });
});

describe('what comes by other ways', () => {
  it('keeps the names of those who left over a new snapshot', () => {
    const site = example();
    site.create('c1', 'room', 'Orbit', ['p1', 'p2', 'p4']);
    const before = fromSnapshot(site.snapshot('p1'));
    site.leave('c1', 'p4', 'p4');
    const after = fromSnapshot(site.snapshot('p1'), before);
    expect(after.people.get('p4')?.display_name).toBe('Kenji');
  });
  it('takes an answered conversation only if it is newer than what the feed brought', () => {
    const site = example();
    site.create('c1', 'room', 'Orbit', ['p1', 'p2']);
    const answered = site.conversation('c1', 'p1');
    let world = fromSnapshot(site.snapshot('p1'));
    world = applyEvent(world, site.say('c1', 'p2', 'x'));
    expect(withConversation(world, answered)).toBe(world);
  });
  it('learns names without overwriting, and moves presence', () => {
    const site = example();
    site.create('c1', 'direct', null, ['p1', 'p2']);
    let world = learn(fromSnapshot(site.snapshot('p1')), [person('p2', 'Other'), person('p9', 'New')]);
    expect([world.people.get('p2')?.display_name, world.people.get('p9')?.display_name]).toEqual([
      '林晓雨',
      'New',
    ]);
    world = withPresence(world, 'p2', 'away');
    expect(world.people.get('p2')?.presence).toBe('away');
    expect(withPresence(world, 'p77', 'away')).toBe(world);
  });
});
