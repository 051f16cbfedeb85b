import { describe, expect, it } from 'vitest';
import { ApiError, type Conversation, type ConversationPage, type FeedEvent, type Person } from '@encke/sdk';
import { TestClock } from '@encke/ui/testing';
import { conversationOf, heldEventsMax } from '../src/model/held';
import { Lookups, lookupPauseMsMax, lookupsMax, waitingForPageMin } from '../src/model/lookups';
import { recounted, totalUnread } from '../src/model/unread';
import { applyEvent, fromSnapshot, learn, withConversation, type World } from '../src/model/world';
import { Example, person } from './example';

/** A request that the server has not read yet, or whose answer has not arrived yet. */
interface Request {
  readonly about: string;
  read(): void;
  answer(): Promise<void>;
  fail(error: ApiError): Promise<void>;
}

/** A page in miniature: a world that knows one page of conversations, and requests whose times the test owns. */
class Desk {
  readonly clock = new TestClock();
  readonly requests: Request[] = [];
  readonly refused: string[] = [];
  readonly lookups: Lookups;
  world: World;
  #next: number;

  constructor(
    readonly site: Example,
    readonly page = 1,
  ) {
    this.world = fromSnapshot(site.snapshot('p1', page));
    this.#next = site.log.length;
    this.lookups = new Lookups({
      api: {
        threads: () => Promise.resolve({ threads: [], people: [], before: null }),
        conversation: (id) =>
          this.#ask(id, () => {
            const conversation = site.conversation(id, 'p1');
            return { conversation, people: site.snapshot('p1').people };
          }),
        conversations: () =>
          this.#ask('latest', (): ConversationPage => {
            const { conversations, people } = site.snapshot('p1', 2);
            return { conversations, people, before: 'more' };
          }),
      },
      clock: this.clock,
      knows: (id) => this.world.conversations.has(id),
      came: (conversations, people, held) => this.#came(conversations, people, held),
      refused: (id) => this.refused.push(id),
    });
  }

  /** The next event of the feed comes, if there is one. */
  hear(): boolean {
    for (; this.#next < this.site.log.length; this.#next += 1) {
      const event = this.site.log[this.#next]!;
      if (event.stream.startsWith('p') && event.stream !== 'p1') continue;
      this.#next += 1;
      this.#happened(event);
      return true;
    }
    return false;
  }

  hearAll(): void {
    while (this.hear());
  }

  async answerAll(): Promise<void> {
    for (let next = this.requests[0]; next !== undefined; next = this.requests[0]) {
      next.read();
      await next.answer();
    }
  }

  #happened(event: FeedEvent): void {
    const id = conversationOf(event);
    const known = id !== null && this.world.conversations.has(id);
    this.world = applyEvent(this.world, event);
    if (event.kind === 'conversation_removed') this.lookups.removed(event.body.conversation);
    else if (event.kind === 'conversation_added') this.lookups.added(event.body.conversation.id);
    else if (id !== null && !known) this.lookups.hold(id, event);
  }

  #came(
    conversations: readonly Conversation[],
    people: readonly Person[],
    held: (id: string) => readonly FeedEvent[],
  ): void {
    this.world = learn(this.world, people);
    for (const each of conversations) this.world = withConversation(this.world, each, held(each.id));
  }

  #ask<A>(about: string, read: () => A): Promise<A> {
    return new Promise((resolve, reject) => {
      let answer: A | null = null;
      const end = async (settle: () => void): Promise<void> => {
        this.requests.splice(this.requests.indexOf(request), 1);
        settle();
        for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
      };
      const request: Request = {
        about,
        read: () => (answer ??= structuredClone(read())),
        answer: () => end(() => resolve(answer ?? read())),
        fail: (error) => end(() => reject(error)),
      };
      this.requests.push(request);
    });
  }
}

function siteWith(rooms: number): Example {
  const site = new Example(person('p1', 'Mei'), person('p2', 'Ada'), person('p3', 'Kenji'));
  for (let number = 1; number <= rooms; number += 1) {
    site.create(`c${number}`, 'room', `Room ${number}`, ['p2', 'p1', 'p3']);
    site.say(`c${number}`, 'p2', 'old');
  }
  return site;
}

const abouts = (desk: Desk): string => desk.requests.map((each) => each.about).join(' ');
const busy = new ApiError('overloaded', 'Busy.', true, null, 503);
const none = new ApiError('not_found', 'None.', false, null, 404);

describe('a conversation that is not known', () => {
  it('is asked for once when something is said in it, and comes to the top with its count', async () => {
    const desk = new Desk(siteWith(3));
    expect(totalUnread(desk.world)).toBe(3);
    desk.site.say('c1', 'p2', 'news');
    desk.hearAll();
    expect(abouts(desk)).toBe('c1');
    // While the answer is on its way more is said, before and after the server reads.
    desk.site.say('c1', 'p3', 'and more');
    desk.hearAll();
    desk.requests[0]!.read();
    desk.site.say('c1', 'p3', 'after the answer');
    desk.hearAll();
    expect(abouts(desk)).toBe('c1');
    await desk.requests[0]!.answer();
    expect(desk.requests).toEqual([]);
    expect(desk.world.conversations.get('c1')).toEqual(desk.site.conversation('c1', 'p1'));
    expect(desk.world.conversations.get('c1')?.unread).toBe(4);
    expect(totalUnread(desk.world)).toBe(desk.site.snapshot('p1').unread.messages);
    expect(desk.world.doubts).toBe(0);
  });

  it('is not asked for because somebody has read in it', () => {
    const desk = new Desk(siteWith(2));
    desk.site.mark('c1', 'p3', 'read', 2);
    desk.hearAll();
    expect([abouts(desk), desk.world.doubts]).toEqual(['', 0]);
    // An own mark, from another device, changes what is unread by nobody knows how much.
    desk.site.mark('c1', 'p1', 'read', 2);
    desk.hearAll();
    expect([abouts(desk), desk.world.doubts]).toEqual(['', 1]);
    desk.world = recounted(desk.world, desk.site.snapshot('p1', 1));
    expect(totalUnread(desk.world)).toBe(1);
  });

  it('keeps the marks that come while it is on its way', async () => {
    const desk = new Desk(siteWith(2));
    desk.site.say('c1', 'p1', 'mine');
    desk.hearAll();
    desk.requests[0]!.read();
    desk.site.mark('c1', 'p3', 'read', 3);
    desk.hearAll();
    await desk.requests[0]!.answer();
    expect(desk.world.conversations.get('c1')).toEqual(desk.site.conversation('c1', 'p1'));
  });

  it('is asked for again if more came meanwhile than is kept', async () => {
    const desk = new Desk(siteWith(2));
    desk.site.say('c1', 'p2', 'first');
    desk.hearAll();
    desk.requests[0]!.read();
    for (let count = 0; count <= heldEventsMax; count += 1) desk.site.say('c1', 'p2', 'flood');
    desk.hearAll();
    await desk.requests[0]!.answer();
    expect([abouts(desk), desk.world.conversations.has('c1')]).toEqual(['c1', false]);
    await desk.answerAll();
    expect(desk.world.conversations.get('c1')).toEqual(desk.site.conversation('c1', 'p1'));
  });

  it('does not come back by an answer from before the person was removed', async () => {
    const desk = new Desk(siteWith(2));
    desk.site.say('c1', 'p2', 'news');
    desk.hearAll();
    desk.requests[0]!.read();
    desk.site.leave('c1', 'p1', 'p2');
    desk.hearAll();
    await desk.requests[0]!.answer();
    expect(desk.world.conversations.has('c1')).toBe(false);
    expect(abouts(desk)).toBe('');
  });

  it('is gone if the server says so, and is asked for later if it is busy', async () => {
    const desk = new Desk(siteWith(3));
    desk.lookups.want('c1');
    desk.lookups.want('c2');
    await desk.requests[0]!.fail(none);
    await desk.requests[0]!.fail(busy);
    expect([desk.refused, abouts(desk)]).toEqual([['c1'], '']);
    desk.clock.pass(lookupPauseMsMax);
    expect(abouts(desk)).toBe('c2');
    await desk.answerAll();
    expect(desk.world.conversations.has('c2')).toBe(true);
  });

  it('of a time before a new snapshot is thrown away', async () => {
    const desk = new Desk(siteWith(2));
    desk.lookups.want('c1');
    desk.requests[0]!.read();
    desk.site.say('c1', 'p2', 'in the new snapshot');
    desk.lookups.clear();
    await desk.requests[0]!.answer();
    expect(desk.world.conversations.has('c1')).toBe(false);
  });
});

describe('many conversations that are not known', () => {
  it('are asked for a few at a time', async () => {
    const desk = new Desk(siteWith(9));
    for (let number = 1; number < 9; number += 1) desk.site.say(`c${number}`, 'p2', 'news');
    desk.hearAll();
    expect(desk.requests.length).toBe(lookupsMax);
    await desk.answerAll();
    expect(desk.world.conversations.size).toBe(9);
  });

  it('are asked for by a page of the latest, as long as that finds some', async () => {
    const rooms = waitingForPageMin + 8;
    const desk = new Desk(siteWith(rooms));
    for (let number = 1; number < rooms; number += 1) desk.site.say(`c${number}`, 'p2', 'news');
    desk.hearAll();
    await desk.requests[0]!.answer();
    expect(abouts(desk)).toContain('latest');
    await desk.answerAll();
    expect(desk.world.conversations.size).toBe(rooms);
    expect(totalUnread(desk.world)).toBe(desk.site.snapshot('p1').unread.messages);
  });
});

describe('pages, events and answers in any order', () => {
  it('come to what a fresh snapshot has', async () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const chance = chanceOf(seed);
      const desk = new Desk(siteWith(6), 1 + chance(3));
      for (let step = 0; step < 60; step += 1) {
        const id = `c${1 + chance(6)}`;
        const request = desk.requests[chance(Math.max(1, desk.requests.length))];
        const head = desk.site.conversation(id, 'p2').head_seq;
        switch (chance(9)) {
          case 0:
          case 1:
            desk.site.say(id, `p${2 + chance(2)}`, chance(2) === 0 ? 'hello' : '<@p1>');
            break;
          case 2:
            if (chance(3) === 0) desk.site.say(id, 'p1', 'mine');
            break;
          case 3:
            desk.site.mark(id, `p${1 + chance(3)}`, 'read', 1 + chance(head));
            break;
          case 4:
            void desk.lookups.page({});
            break;
          case 5:
            request?.read();
            break;
          case 6:
            await request?.answer();
            break;
          default:
            desk.hear();
        }
      }
      desk.hearAll();
      await desk.answerAll();
      for (const [id, known] of desk.world.conversations)
        expect(known, `seed ${seed}`).toEqual(desk.site.conversation(id, 'p1'));
      const fresh = desk.site.snapshot('p1', 1);
      // Without a doubt the number is right by itself.
      if (desk.world.doubts > 0) desk.world = recounted(desk.world, fresh);
      expect(totalUnread(desk.world), `seed ${seed}`).toBe(fresh.unread.messages);
    }
  });
});

/** Numbers below `below` that look like chance and are the same every time. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed * 2654435761;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
