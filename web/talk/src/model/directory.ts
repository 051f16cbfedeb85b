/** The conversation list: what each is called, in which order they stand, which of them a search finds. */
import type { Conversation, Person } from '@encke/sdk';
import type { World } from './world';

/**
 * The other person of a direct conversation, and the visitor of a ticket. Null in rooms, in a conversation with oneself, and when the
 * other is unknown.
 */
export function counterpart(conversation: Conversation, world: World): Person | null {
  const { kind, members } = conversation;
  if (kind !== 'direct' && kind !== 'ticket') return null;
  const other = members.find(({ person }) =>
    kind === 'ticket' ? world.people.get(person)?.role === 'guest' : person !== world.me.id,
  );
  return world.people.get(other?.person ?? '') ?? null;
}

export function nameOf(world: World, person: string, unknown: string): string {
  return world.people.get(person)?.display_name ?? unknown;
}

export function titleOf(conversation: Conversation, world: World, unknown: string): string {
  if (conversation.title !== null && conversation.title !== '') return conversation.title;
  // A thread is called like the conversation that it is part of.
  const house = world.conversations.get(conversation.parent?.conversation ?? '');
  if (house !== undefined) return titleOf(house, world, unknown);
  const other = counterpart(conversation, world);
  return other?.display_name ?? unknown;
}

/** Newest first; ties by id, so that the order never flickers. */
export function sorted(conversations: Iterable<Conversation>): Conversation[] {
  return [...conversations].sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0) || b.id.localeCompare(a.id));
}

/** Whether a conversation's title holds `query`; of an empty one, that every title does. */
export function titled(
  query: string,
  title: (conversation: Conversation) => string,
): (conversation: Conversation) => boolean {
  const wanted = fold(query);
  return (conversation) => wanted === '' || fold(title(conversation)).includes(wanted);
}

/** The conversation `step` places after the current one in the list, for the keyboard; stops at both ends. */
export function neighbour(
  list: readonly Conversation[],
  current: string | null,
  step: 1 | -1,
): string | null {
  const at = list.findIndex((conversation) => conversation.id === current);
  const next = at < 0 ? (step === 1 ? 0 : list.length - 1) : at + step;
  return list[next]?.id ?? null;
}

function fold(text: string): string {
  return text.trim().normalize('NFKC').toLocaleLowerCase();
}
