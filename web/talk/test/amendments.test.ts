import { describe, expect, it } from 'vitest';
import type { Amended, FeedEvent } from '@encke/sdk';
import {
  amendedConversation,
  amendmentsHeldMax,
  isAmending,
  isTooOld,
  noAmendments,
  reactionPeopleShownMax,
  textOf,
  withAmended,
  withAmendment,
  type AmendedAnswer,
  type AmendingEvent,
  type Amendments,
} from '../src/model/amendments';
import { applyEvent, fromSnapshot, withConversation } from '../src/model/world';
import { Example, at0, person } from './example';

const me = 'p1';
const messages = [2, 3, 4, 5];

/** Numbers by chance, from a seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

type Body = { [K in AmendingEvent['kind']]: Extract<AmendingEvent, { kind: K }>['body'] };

function event<K extends AmendingEvent['kind']>(seq: number, kind: K, from: string, body: Body[K]) {
  const at = at0 + seq;
  return { type: 'event', cursor: `e.${seq}`, stream: 'a1', seq, at, kind, from, body } as AmendingEvent;
}

describe('previews', () => {
  const preview = { link: 'https://example.com/a', title: 'A page' };
  const shown = event(1, 'previewed', '', { message: 2, preview });

  it('are shown until they are taken away', () => {
    const after = withAmendment(noAmendments, shown, me);
    expect(after.messages.get(2)?.preview).toEqual(preview);
    const without = withAmendment(after, event(2, 'previewed', '', { message: 2 }), me);
    expect(without.messages.has(2)).toBe(false);
  });

  it('leave nothing behind when the message is recalled', () => {
    const after = withAmendment(noAmendments, shown, me);
    const gone = withAmendment(after, event(2, 'recalled', 'p1', { message: 2 }), me);
    expect(JSON.stringify([gone.held, [...gone.messages]])).not.toContain('A page');
  });
});

/** A log of amendments as a server would allow it. */
function logOf(seed: number, length: number): AmendingEvent[] {
  const roll = dice(seed);
  const log: AmendingEvent[] = [];
  const edits = new Map<number, number>();
  const on = new Set<string>();
  while (log.length < length) {
    const seq = log.length + 1;
    const message = messages[roll(messages.length)]!;
    const from = `p${roll(3) + 1}`;
    const emoji = ['👍', '❤️', '🚀'][roll(3)]!;
    const key = roll(4) === 0 ? `pin ${message}` : `${message} ${from} ${emoji}`;
    if (roll(3) === 0) {
      edits.set(message, (edits.get(message) ?? 0) + 1);
      log.push(event(seq, 'edited', from, { message, text: `text ${seq}`, edits: edits.get(message)! }));
      continue;
    }
    if (!on.delete(key)) on.add(key);
    const body = { message, on: on.has(key) };
    log.push(
      key.startsWith('pin')
        ? event(seq, 'pinned', from, body)
        : event(seq, 'reacted', from, { ...body, emoji }),
    );
  }
  return log;
}

/** What a page says after these events, told independently of the model. */
function pageAfter(log: readonly AmendingEvent[], seqs = messages): AmendedAnswer {
  const amended = seqs.flatMap((message): Amended[] => {
    const own = log.filter((each) => each.body.message === message);
    const edit = own.findLast((each) => each.kind === 'edited');
    const pin = own.findLast((each) => each.kind === 'pinned');
    const one: Amended = { message };
    if (edit?.kind === 'edited')
      Object.assign(one, { text: edit.body.text, edits: edit.body.edits, edited_at: edit.at });
    if (pin?.kind === 'pinned' && pin.body.on) Object.assign(one, { pinned: true, pinned_by: pin.from });
    const reacted = new Map<string, string[]>();
    for (const each of own) {
      if (each.kind !== 'reacted') continue;
      const { emoji, on } = each.body;
      const people = (reacted.get(emoji) ?? []).filter((one) => one !== each.from);
      if (on) people.push(each.from!);
      if (people.length === 0) reacted.delete(emoji);
      else reacted.set(emoji, people);
    }
    const reactions = [...reacted].map(([emoji, people]) => ({
      emoji,
      count: people.length,
      mine: people.includes(me),
      people,
    }));
    if (reactions.length > 0) one.reactions = reactions;
    return Object.keys(one).length > 1 ? [one] : [];
  });
  const events = seqs.map((seq) => ({ stream: 'c1', seq, kind: 'message' }) as FeedEvent);
  return { events, amended, amendments_seq: log.length };
}

const shown = (amendments: Amendments): Amended[] =>
  [...amendments.messages.values()].sort((a, b) => a.message - b.message);
const fed = (amendments: Amendments, log: readonly AmendingEvent[]): Amendments =>
  log.reduce((now, each) => withAmendment(now, each, me), amendments);

describe('amendments', () => {
  it('come to what a newer page says, whichever of feed and pages comes first', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const roll = dice(seed * 7);
      const log = logOf(seed, 30);
      // The feed begins somewhere. Each page is of some moment, and comes at another.
      const start = roll(10);
      let now = noAmendments;
      for (let at = start; at <= log.length; at += 1) {
        if (at > start) now = withAmendment(now, log[at - 1]!, me);
        // A page is taken after the thread was opened, and so after the feed began.
        const of = start + roll(log.length - start + 1);
        const some = at === log.length || roll(4) === 0;
        if (some) now = withAmended(now, pageAfter(log.slice(0, of), messages.slice(roll(3))), me);
        if (at === start) now = withAmended(now, pageAfter(log.slice(0, start)), me);
      }
      expect(shown(now), `seed ${seed}`).toEqual(pageAfter(log).amended);
    }
  });

  it('that come twice count once', () => {
    const log = logOf(3, 20);
    const once = fed(noAmendments, log);
    expect(shown(fed(once, log))).toEqual(shown(once));
  });

  it('name as many people with an emoji as the server does', () => {
    const log = Array.from({ length: reactionPeopleShownMax + 2 }, (_, index) =>
      event(index + 1, 'reacted', `p${index + 1}`, { message: 2, emoji: '👍', on: true }),
    );
    const off = event(log.length + 1, 'reacted', 'p3', { message: 2, emoji: '👍', on: false });
    const [reaction] = shown(fed(noAmendments, [...log, off]))[0]!.reactions!;
    expect(reaction!.count).toBe(reactionPeopleShownMax + 1);
    expect(reaction!.people).toHaveLength(reactionPeopleShownMax - 1);
    expect(reaction!.people).not.toContain('p3');
  });

  it('ask again for a page that is older than what is held', () => {
    const log = logOf(5, amendmentsHeldMax + 10);
    const now = fed(noAmendments, log);
    expect(isTooOld(now, pageAfter(log.slice(0, 9)))).toBe(true);
    expect(isTooOld(now, pageAfter(log.slice(0, 10)))).toBe(false);
    expect(shown(withAmended(now, pageAfter(log.slice(0, 10)), me))).toEqual(pageAfter(log).amended);
  });

  it('belong to the conversation of their stream', () => {
    const edit = event(1, 'edited', 'p2', { message: 2, text: 'b', edits: 1 });
    expect([isAmending(edit), amendedConversation(edit)]).toEqual([true, 'c1']);
  });
});

describe('an edited message', () => {
  const site = new Example(person('p1'), person('p2'));
  site.create('c1', 'room', 'Orbit', ['p1', 'p2']);
  const said = site.say('c1', 'p2', 'a');
  const edit = event(1, 'edited', 'p2', { message: said.seq, text: 'b', edits: 1 });
  const textIn = (last: FeedEvent | null | undefined) => (last?.kind === 'message' ? last.body.text : null);

  it('has its new text', () => {
    const now = fed(noAmendments, [edit]);
    expect(textOf(said, now.messages.get(said.seq))).toBe('b');
    expect(textOf(said, undefined)).toBe('a');
  });

  it('shows it in the list, unless something newer was said', () => {
    const world = applyEvent(fromSnapshot(site.snapshot('p1')), edit);
    expect(textIn(world.conversations.get('c1')?.last)).toBe('b');
    expect(world.conversations.get('c1')?.unread).toBe(1);
    const later = applyEvent(fromSnapshot(site.snapshot('p1')), {
      ...edit,
      body: { ...edit.body, message: 1 },
    } as FeedEvent);
    expect(textIn(later.conversations.get('c1')?.last)).toBe('a');
  });

  it('shows it in a conversation that is asked for while the edit comes', () => {
    const world = fromSnapshot(site.snapshot('p1', 0));
    const known = withConversation(world, site.conversation('c1', 'p1'), [edit]);
    expect(textIn(known.conversations.get('c1')?.last)).toBe('b');
  });
});
