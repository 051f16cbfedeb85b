/* The threads that are known here. They are conversations that hang on a message of another one. */
import type { Conversation } from '@encke/sdk';
import type { World } from './world';

export type ThreadConversation = Conversation & { readonly parent: NonNullable<Conversation['parent']> };

export function isThread(conversation: Conversation): conversation is ThreadConversation {
  return conversation.parent !== undefined;
}

/** A thread that is shown beside its conversation. */
export interface Beside {
  /** The message that it belongs to. */
  readonly parent: { readonly conversation: string; readonly message: number };
  /** Null until somebody answers. */
  readonly thread: string | null;
  /** The answer that somebody asked to see. */
  readonly seq: number | null;
}

/** The ids of the threads in a conversation. */
export function threadsIn(world: World, conversation: string): string[] {
  const all = [...world.conversations.values()];
  return all.filter(({ parent }) => parent?.conversation === conversation).map(({ id }) => id);
}

/** The followed threads in which something is unread. */
export function unreadThreads(world: World): ThreadConversation[] {
  return [...world.conversations.values()].filter(isThread).filter(({ unread }) => unread > 0);
}

/** A thread as it is now: what the feed has brought of them is newer than a list. */
export function asKnown(conversation: Conversation, world: World): Conversation {
  const known = world.conversations.get(conversation.id);
  return known !== undefined && known.head_seq >= conversation.head_seq ? known : conversation;
}

/** The place of the first answer, until it has made the thread: what a composer needs to know of a conversation. */
export function threadToBe(house: Conversation, message: number): Conversation {
  return {
    ...house,
    id: placeOfFirst(house.id, message),
    kind: 'thread',
    parent: { conversation: house.id, message },
    followed: false,
    mentions: [],
    unread: 0,
  };
}

/** The name under which the first answer is written, while its thread has none. */
export function placeOfFirst(house: string, message: number): string {
  return `${house}:${message}`;
}

/** The message that a first answer is written to; null for the name of any other conversation. */
export function answeredBy(
  place: string,
): { readonly conversation: string; readonly message: number } | null {
  const [conversation = '', message] = place.split(':');
  return message === undefined ? null : { conversation, message: Number(message) };
}
