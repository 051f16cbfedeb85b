/*
 * Events of conversations that are not known yet. They wait until the conversation has been asked for, and are then applied to
 * the answer, which contains some of them already: `seq` tells which. Bounded: what does not fit goes, oldest first, and
 * `complete` tells that an answer is too old for what is left.
 */
import type { Conversation, FeedEvent } from '@encke/sdk';
import { amendedConversation, erased } from './amendments';
import { growingConversation } from './growth';

/** Events kept of one conversation while it is asked for. */
export const heldEventsMax = 200;

/** The conversation that an event belongs to. Null for events of other streams. */
export function conversationOf(event: FeedEvent): string | null {
  if (
    event.kind === 'receipts' ||
    event.kind === 'marked' ||
    event.kind === 'choices_changed' ||
    event.kind === 'conversation_removed'
  )
    return event.body.conversation;
  if (event.kind === 'conversation_added') return event.body.conversation.id;
  return /^c\d+$/.test(event.stream) ? event.stream : amendedConversation(event);
}

/** Whether an event only tells how far somebody has read, what the person chose, or amends a message. It is no news. */
export function isQuiet(event: FeedEvent): boolean {
  const { kind } = event;
  const quiet = kind === 'receipts' || kind === 'marked' || kind === 'choices_changed';
  return quiet || amendedConversation(event) !== null || growingConversation(event) !== null;
}

export class HeldEvents {
  readonly #held = new Map<string, FeedEvent[]>();

  hold(conversation: string, event: FeedEvent): void {
    const before = this.#held.get(conversation) ?? [];
    const gone = event.kind === 'recalled' ? event.body.message : null;
    const isGone = (each: FeedEvent): boolean =>
      (each.kind === 'message' && each.seq === gone) ||
      ((each.kind === 'edited' || each.kind === 'whole' || each.kind === 'previewed') &&
        each.body.message === gone);
    const events = before.map((each) => (isGone(each) ? erased(each) : each));
    events.push(event);
    if (events.length > heldEventsMax) events.shift();
    this.#held.set(conversation, events);
  }

  of(conversation: string): readonly FeedEvent[] {
    return this.#held.get(conversation) ?? [];
  }

  drop(conversation: string): void {
    this.#held.delete(conversation);
  }

  keepOnly(conversations: ReadonlySet<string>): void {
    for (const id of this.#held.keys()) if (!conversations.has(id)) this.#held.delete(id);
  }
}

/** Whether an answer and the events that came since leave nothing out. */
export function complete(conversation: Conversation, held: readonly FeedEvent[]): boolean {
  let head = conversation.head_seq;
  for (const { stream, seq } of held) {
    if (stream !== conversation.id || seq <= head) continue;
    if (seq !== head + 1) return false;
    head = seq;
  }
  return true;
}
