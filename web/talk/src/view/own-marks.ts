import type { Conversation } from '@encke/sdk';
import type { MessageRow } from '../model/rows';
import type { Talk } from '../state/talk.svelte';

/** Whether the person has starred a message; null while that is not known. */
export function isStarred(talk: Talk, conversation: Conversation, { event }: MessageRow): boolean | null {
  return talk.keeping?.stars.has(conversation.id, event.seq) ?? null;
}

/** Puts an emoji of one's own under a message, or takes it away. */
export async function react(
  talk: Talk,
  conversation: Conversation,
  row: MessageRow,
  emoji: string,
): Promise<void> {
  const mine = row.amended?.reactions?.some((each) => each.emoji === emoji && each.mine) === true;
  if (!mine) talk.emoji.chose(emoji);
  await talk.attempt(() => talk.client.api.react(conversation.id, row.event.seq, emoji, !mine));
}
