/*
 * The messages that this person has hidden from itself. The feed and pages of history have them nevertheless, so the screen
 * leaves them out. Pages name them, events tell of changes; an event is newer than a page that was asked for before it.
 */
import type { Conversation, FeedEvent } from '@encke/sdk';

export interface Hidden {
  /** By conversation, their `seq`. */
  readonly seqs: ReadonlyMap<string, ReadonlySet<number>>;
  /** The messages that events have shown again. */
  readonly shown: ReadonlySet<string>;
}

export const nothingHidden: Hidden = { seqs: new Map(), shown: new Set() };

const none: ReadonlySet<number> = new Set();

export function hiddenIn(hidden: Hidden, conversation: string): ReadonlySet<number> {
  return hidden.seqs.get(conversation) ?? none;
}

/** A page of history has come. */
export function withHidden(hidden: Hidden, conversation: string, told: readonly number[] = []): Hidden {
  const news = told.filter((seq) => !hidden.shown.has(nameOf(conversation, seq)));
  if (news.length === 0) return hidden;
  const seqs = new Set([...hiddenIn(hidden, conversation), ...news]);
  return { ...hidden, seqs: new Map(hidden.seqs).set(conversation, seqs) };
}

/** Conversations have come. Of their newest events, they say it themselves. */
export function withConversations(hidden: Hidden, conversations: readonly Conversation[]): Hidden {
  return conversations.reduce(
    (now, { id, last, last_hidden }) =>
      last_hidden === true && last !== null ? withHidden(now, id, [last.seq]) : now,
    hidden,
  );
}

export function afterEvent(hidden: Hidden, event: FeedEvent): Hidden {
  if (event.kind !== 'hidden') return hidden;
  const { conversation, message, on } = event.body;
  const seqs = new Set(hiddenIn(hidden, conversation));
  const shown = new Set(hidden.shown);
  if (on) seqs.add(message);
  else seqs.delete(message);
  if (on) shown.delete(nameOf(conversation, message));
  else shown.add(nameOf(conversation, message));
  return { seqs: new Map(hidden.seqs).set(conversation, seqs), shown };
}

function nameOf(conversation: string, seq: number): string {
  return `${conversation}/${seq}`;
}
