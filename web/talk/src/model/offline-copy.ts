/*
 * What a device keeps of a person's conversations for a time without a server: the newest conversations, and the newest messages
 * of those that were open. It is shown until the server answers; the server's snapshot then takes the place of everything in it.
 */
import type { Amended, Conversation, FeedEvent, Me, Person } from '@encke/sdk';
import type { World } from './world';

/** Raised when the shape changes: a copy of another version is not read. */
export const offlineCopyVersion = 2;
export const copiedConversationsMax = 60;
export const copiedPeopleMax = 1_000;
export const copiedEventsMax = 60;
/** The copy as JSON. A copy that would be longer holds fewer messages. */
export const copiedCharsMax = 2_000_000;

export interface CopiedThread {
  readonly id: string;
  readonly events: readonly FeedEvent[];
  readonly amended: readonly Amended[];
  /** The `seq` of the messages that the person has hidden from itself. */
  readonly hidden?: readonly number[];
}

export interface OfflineCopy {
  readonly version: typeof offlineCopyVersion;
  readonly me: Me;
  readonly cursor: string;
  readonly people: readonly Person[];
  readonly conversations: readonly Conversation[];
  readonly unreadElsewhere: number;
  readonly folders: readonly string[];
  readonly blocked: readonly string[];
  readonly threads: readonly CopiedThread[];
}

/** The copy as JSON. `threads`: the one that was touched last comes last; the others go first if all are too much. */
export function toOfflineCopy(world: World, threads: readonly CopiedThread[]): string {
  const newest = [...world.conversations.values()]
    .sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0))
    .slice(0, copiedConversationsMax);
  const named = namedIn(newest, threads);
  const copy: OfflineCopy = {
    version: offlineCopyVersion,
    me: world.me,
    cursor: world.cursor,
    people: [...world.people.values()].filter(({ id }) => named.has(id)).slice(0, copiedPeopleMax),
    conversations: newest,
    unreadElsewhere: world.unreadElsewhere,
    folders: world.folders,
    blocked: [...world.blocked],
    threads: threads.filter(({ id }) => newest.some((each) => each.id === id)),
  };
  const json = JSON.stringify(copy);
  return json.length <= copiedCharsMax || threads.length === 0
    ? json
    : toOfflineCopy(world, threads.slice(1));
}

/** Null for anything that this version did not write. */
export function fromOfflineCopy(json: string): OfflineCopy | null {
  try {
    const copy = JSON.parse(json) as OfflineCopy;
    return copy.version === offlineCopyVersion ? copy : null;
  } catch {
    return null;
  }
}

export function worldOf(copy: OfflineCopy): World {
  return {
    cursor: copy.cursor,
    me: copy.me,
    people: new Map(copy.people.map((person) => [person.id, { ...person, presence: 'offline' }])),
    conversations: new Map(copy.conversations.map((each) => [each.id, each])),
    unreadElsewhere: copy.unreadElsewhere,
    doubts: 0,
    folders: copy.folders,
    changed: new Set(),
    blocked: new Set(copy.blocked),
    invitations: new Map(),
  };
}

/** The people without whom names would be missing on the screen. */
function namedIn(conversations: readonly Conversation[], threads: readonly CopiedThread[]): Set<string> {
  const ids = conversations.flatMap(({ members, last }) => [
    ...members.map(({ person }) => person),
    last?.from ?? '',
  ]);
  for (const { events } of threads) for (const { from } of events) ids.push(from ?? '');
  return new Set(ids);
}
