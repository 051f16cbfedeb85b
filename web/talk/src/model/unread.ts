/*
 * How many messages are unread in all, though only some conversations are known here: the known ones are counted, and the
 * server says how many there are in all. From then on events move the number. A few of them can't be counted without
 * knowing what was unread before; they raise `doubts`, and the server is asked again.
 */
import type { Conversation, EventOf, Snapshot } from '@encke/sdk';
import { isHushed } from './choices';
import type { World } from './world';

export function totalUnread(world: World): number {
  return sum(world.conversations.values()) + world.unreadElsewhere;
}

/** The same, without the conversations of which the person wants to hear less. */
export function loudUnread(world: World, now: number): number {
  return (
    sum([...world.conversations.values()].filter((each) => !isHushed(each, now))) + world.unreadElsewhere
  );
}

/** Unread mentions in the conversations that are known here. */
export function totalMentions(world: World): number {
  let mentions = 0;
  for (const conversation of world.conversations.values()) mentions += conversation.mentions.length;
  return mentions;
}

/**
 * The unread mention to be shown next: the one after `shown` in the open conversation, else the first in the conversation
 * with the latest activity, else the open one's first again. Null if there is none.
 */
export function nextMention(
  world: World,
  open: string | null,
  shown: number,
): { conversation: string; seq: number } | null {
  const here = world.conversations.get(open ?? '')?.mentions ?? [];
  const others = [...world.conversations.values()]
    .filter(({ id, mentions }) => id !== open && mentions.length > 0)
    .sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0));
  const places = [
    ...here.filter((seq) => seq > shown).map((seq) => ({ conversation: open ?? '', seq })),
    ...others.map(({ id, mentions }) => ({ conversation: id, seq: mentions[0] ?? 0 })),
    ...here.map((seq) => ({ conversation: open ?? '', seq })),
  ];
  return places[0] ?? null;
}

/** What is unread in the conversations that a snapshot does not list. */
export function elsewhereOf(snapshot: Snapshot): number {
  return Math.max(0, snapshot.unread.messages - sum(snapshot.conversations));
}

/**
 * The number of a newer snapshot. It counts messages whose events are not here yet, but the snapshot lists what changed last,
 * so each of these conversations is taken as the snapshot has it.
 */
export function recounted(world: World, snapshot: Snapshot): World {
  const listed = new Map(snapshot.conversations.map((each) => [each.id, each]));
  const known = [...world.conversations.values()].map((each) => listed.get(each.id) ?? each);
  return { ...world, unreadElsewhere: Math.max(0, snapshot.unread.messages - sum(known)) };
}

/** `counted` messages are no longer elsewhere: their conversation is known now. */
export function withoutElsewhere(world: World, counted: number): World {
  if (counted === 0) return world;
  return { ...world, unreadElsewhere: Math.max(0, world.unreadElsewhere - counted) };
}

export function doubted(world: World): World {
  return { ...world, doubts: world.doubts + 1 };
}

function sum(conversations: Iterable<Conversation>): number {
  let unread = 0;
  // Threads are counted by themselves.
  for (const { unread: here, parent } of conversations) if (parent === undefined) unread += here;
  return unread;
}

/** Unread mentions that are counted in one conversation, the newest ones; the server's limit. */
export const mentionsShownMax = 100;

/** Whether a message mentions a person, by name or with all. */
export function mentions(event: EventOf<'message'>, me: string): boolean {
  return event.body.everyone === true || event.body.mentions?.includes(me) === true;
}

/** The unread mentions of a conversation after a message, and without those that are seen by now. */
export function mentionsAfter(conversation: Conversation, event: EventOf<'message'>, me: string): number[] {
  const more = event.from !== me && mentions(event, me) ? [event.seq] : [];
  return [...conversation.mentions, ...more].slice(-mentionsShownMax);
}

/** The unread mentions beyond what is seen. */
export function unseenMentions(mentioned: readonly number[], seen: number): number[] {
  return mentioned.filter((seq) => seq > seen);
}
