/** Whether a person is there, as far as anybody is told of it. */
import type { Conversation, Presence } from '@encke/sdk';
import type { World } from './world';

/** Members of a conversation up to which presence is told to all of them: the server's limit `presence_members_max`. */
export const presenceMembersMax = 200;

/** The presence of a member; null where it is not known. Nobody is told who is there in larger conversations (P9). */
export function presenceIn(conversation: Conversation, world: World, person: string): Presence | null {
  // The person at this page is online, even if a snapshot from before the connection says otherwise.
  if (person === world.me.id) return 'online';
  if (conversation.member_count > presenceMembersMax) return null;
  return world.people.get(person)?.presence ?? null;
}
