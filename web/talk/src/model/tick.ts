/** How far an own message has got: stored by the server, delivered to every other member, read by every other member. */
import type { Conversation } from '@encke/sdk';

export type Tick = 'sending' | 'failed' | 'stored' | 'delivered' | 'read';

export interface Reach {
  readonly tick: Tick;
  /** The members who have read it, and those to whom it has only been delivered. The author is in neither. */
  readonly read: readonly string[];
  readonly delivered: readonly string[];
  readonly others: number;
}

/** Members that joined after the message (`joined`: the `seq` of joining, where it is known) are not waited for. */
export function reachOf(
  seq: number,
  author: string,
  conversation: Conversation,
  joined: ReadonlyMap<string, number>,
): Reach {
  const read: string[] = [];
  const delivered: string[] = [];
  // Where more are in it than are known, the others count, too: nobody says that all have read it.
  let others = conversation.member_count - conversation.members.length;
  for (const member of conversation.members) {
    if (member.person === author || (joined.get(member.person) ?? 0) > seq) continue;
    others += 1;
    if (member.read >= seq) read.push(member.person);
    else if (member.delivered >= seq) delivered.push(member.person);
  }
  const tick =
    others === 0
      ? 'stored'
      : read.length === others
        ? 'read'
        : read.length + delivered.length === others
          ? 'delivered'
          : 'stored';
  return { tick, read, delivered, others };
}
