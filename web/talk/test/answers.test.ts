import { describe, expect, it } from 'vitest';
import type { Conversation, FeedEvent } from '@encke/sdk';
import { unreadThreads } from '../src/model/answers';
import { noAmendments, withAmended, withAmendment, isAmending } from '../src/model/amendments';
import { titleOf } from '../src/model/directory';
import { totalUnread } from '../src/model/unread';
import { applyEvent, fromSnapshot, withConversation, type World } from '../src/model/world';
import { Example, at0, person } from './example';

const room = 'c1';
const thread: Conversation = {
  id: 'c9',
  kind: 'thread',
  parent: { conversation: room, message: 2 },
  followed: true,
  title: null,
  open: false,
  role: 'member',
  member_count: 1,
  members: [{ person: 'p1', role: 'member', delivered: 1, read: 1 }],
  joined_seq: 1,
  head_seq: 3,
  read_seq: 1,
  unread: 2,
  mentions: [3],
  receipts_seq: 0,
  last: null,
};

function world(): World {
  const example = new Example(person('p1'), person('p2'));
  const shown = example.snapshot('p1');
  const house: Conversation = {
    ...thread,
    id: room,
    kind: 'room',
    title: 'Kitchen',
    unread: 0,
    mentions: [],
    head_seq: 2,
  };
  delete house.parent;
  delete house.followed;
  return withConversation(fromSnapshot({ ...shown, conversations: [house] }), thread);
}

type Known = 'message' | 'answered' | 'thread_followed' | 'conversation_removed' | 'recalled';
function event(stream: string, seq: number, kind: Known, body: unknown): FeedEvent {
  return {
    type: 'event',
    cursor: `e.${seq}`,
    stream,
    seq,
    at: at0,
    kind,
    from: 'p2',
    body,
  } as unknown as FeedEvent;
}

const told = { message: 2, thread: 'c9', head_seq: 5, answers: 4, at: at0, people: ['p2'] };

describe('a thread', () => {
  it('counts by itself, and is called like the conversation that it is part of', () => {
    const before = world();
    expect(totalUnread(before)).toBe(0);
    expect(unreadThreads(before).map(({ id, unread }) => [id, unread])).toEqual([['c9', 2]]);
    expect(titleOf(thread, before, '?')).toBe('Kitchen');
    const after = applyEvent(before, event('c9', 4, 'message', { text: 'more' }));
    expect(unreadThreads(after)[0]?.unread).toBe(3);
  });
  it('has nothing unread for who follows it no longer, who is told only of its head', () => {
    const body = { thread: 'c9', parent: thread.parent, on: false };
    const left = applyEvent(world(), event('p1', 7, 'thread_followed', body));
    expect(unreadThreads(left)).toEqual([]);
    const later = applyEvent(left, event('a1', 1, 'answered', told));
    expect(later.conversations.get('c9')).toMatchObject({ head_seq: 5, unread: 0, mentions: [] });
    const again = applyEvent(later, event('p1', 8, 'thread_followed', { ...body, on: true }));
    const more = applyEvent(again, event('c9', 6, 'message', { text: 'more' }));
    expect(unreadThreads(more)[0]?.unread).toBe(1);
    // Who follows it gets the answers themselves.
    expect(applyEvent(world(), event('a1', 1, 'answered', told)).conversations.get('c9')?.head_seq).toBe(3);
  });
  it('is gone with its conversation', () => {
    const after = applyEvent(world(), event('p1', 7, 'conversation_removed', { conversation: room }));
    expect([...after.conversations.keys()]).toEqual([]);
  });
  it('is shown by its message, also by one that was recalled', () => {
    const answered = event('a1', 1, 'answered', told);
    const recalled = event('a1', 2, 'recalled', { message: 2 });
    if (!isAmending(answered) || !isAmending(recalled)) throw new Error('they amend');
    const shown = withAmendment(noAmendments, answered, 'p1');
    const summary = { id: 'c9', answers: 4, at: at0, people: ['p2'] };
    expect(shown.messages.get(2)).toEqual({ message: 2, thread: summary });
    expect(withAmendment(shown, recalled, 'p1').messages.get(2)).toEqual({ message: 2, thread: summary });
    const erased = { ...event('c1', 2, 'message', {}), kind: 'erased' } as FeedEvent;
    const page = { events: [erased], amended: [{ message: 2, thread: summary }], amendments_seq: 2 };
    expect(withAmended(noAmendments, page, 'p1').messages.get(2)?.thread).toEqual(summary);
  });
});
