/*
 * The present state of everything one person sees: a snapshot, moved forward by events. Snapshot plus all later events is a
 * fresh snapshot (P4), so the state has the snapshot's own shape. Never mutated: each step answers a new state that shares
 * what did not change. Events that are already contained change nothing.
 */
import type {
  Conversation,
  EventOf,
  FeedEvent,
  Invitation,
  Mark,
  Me,
  Member,
  Person,
  Presence,
  Snapshot,
} from '@encke/sdk';
import { amendedConversation, erased, isAmending } from './amendments';
import { withChoices } from './choices';
import { afterRoomEvent } from './room';
import { doubted, elsewhereOf, mentionsAfter, unseenMentions, withoutElsewhere } from './unread';

export interface World {
  readonly cursor: string;
  readonly me: Me;
  readonly people: ReadonlyMap<string, Person>;
  /** Those that are known here: the snapshot has the latest, the others come by pages or when something happens in them. */
  readonly conversations: ReadonlyMap<string, Conversation>;
  /** Unread messages of all other conversations. */
  readonly unreadElsewhere: number;
  /** Raised when something happened that may have changed `unreadElsewhere` by an unknown number. */
  readonly doubts: number;
  /** Invitations that wait for an answer, by conversation. */
  readonly invitations: ReadonlyMap<string, Invitation>;
  /** The names of the person's folders, in their order. One that was emptied here may still be among them. */
  readonly folders: readonly string[];
  /** The people whom the person blocks. */
  readonly blocked: ReadonlySet<string>;
  /** People that show something else of themselves than what is known here. */
  readonly changed: ReadonlySet<string>;
}

/** Members that are remembered of one conversation: those of larger ones are asked for by pages. */
const membersKeptMax = 200;

/** Whether `members` holds everybody. A person who is not in it may have left, and nothing is known of the others. */
export function knowsAll(conversation: Conversation): boolean {
  return conversation.members.length >= conversation.member_count;
}

export function fromSnapshot(snapshot: Snapshot, known?: World): World {
  const people = new Map(snapshot.people.map((person) => [person.id, person]));
  // A person who has left a room is not in the snapshot, but is still the author of its messages. So known names are kept.
  for (const [id, person] of known?.people ?? []) if (!people.has(id)) people.set(id, person);
  people.set(snapshot.me.id, withoutSite(snapshot.me));
  return {
    cursor: snapshot.cursor,
    me: snapshot.me,
    people,
    conversations: new Map(snapshot.conversations.map((conversation) => [conversation.id, conversation])),
    unreadElsewhere: elsewhereOf(snapshot),
    doubts: known?.doubts ?? 0,
    invitations: new Map(snapshot.invitations.map((each) => [each.conversation, each])),
    folders: snapshot.folders,
    blocked: new Set(snapshot.blocked),
    changed: new Set(),
  };
}

export function applyEvent(world: World, event: FeedEvent): World {
  const moved = { ...world, cursor: event.cursor };
  switch (event.kind) {
    case 'conversation_added':
      return added(moved, event);
    case 'conversation_removed':
      return removed(moved, event.body.conversation);
    case 'thread_followed':
      return followed(moved, event.body.thread, event.body.on);
    case 'answered':
      return answered(moved, event);
    case 'invited': {
      const { invitation } = event.body;
      const invitations = new Map(world.invitations).set(invitation.conversation, invitation);
      return { ...moved, invitations };
    }
    case 'invitation_gone':
      return withoutInvitation(moved, event.body.conversation);
    case 'receipts':
      return received(moved, event);
    case 'marked':
      return marked(moved, event);
    case 'edited':
    case 'whole':
      return edited(moved, event);
    case 'recalled':
      return recalled(moved, event);
    case 'choices_changed':
      return chosen(moved, event);
    case 'blocked': {
      const blocked = new Set(world.blocked);
      if (event.body.on) blocked.add(event.body.person);
      else blocked.delete(event.body.person);
      return { ...moved, blocked };
    }
    case 'hidden':
      return hidden(moved, event);
    case 'person_changed': {
      const { person } = event.body;
      return world.people.has(person) ? { ...moved, changed: new Set(world.changed).add(person) } : moved;
    }
    case 'reacted':
    case 'pinned':
    case 'previewed':
    case 'data':
      return moved;
    default:
      // In the stream of amendments an edit of a message that was recalled is erased.
      return amendedConversation(event) === null ? appended(moved, event) : moved;
  }
}

/**
 * The `seq` up to which the person has seen a conversation: head less unread. The server computes unread from the read mark,
 * the join and the person's last message.
 */
export function seenSeq(conversation: Conversation): number {
  return conversation.head_seq - conversation.unread;
}

/** One's own read mark, moved as soon as it is sent; the receipt that follows finds it done. */
export function markRead(world: World, id: string, seq: number): World {
  const conversation = world.conversations.get(id);
  if (conversation === undefined || seq <= conversation.read_seq) return world;
  const mark: Mark = { person: world.me.id, delivered: seq, read: seq };
  return replaced(world, withMarks(conversation, [mark], world.me.id));
}

export function withPresence(world: World, id: string, presence: Presence): World {
  const person = world.people.get(id);
  if (person === undefined || person.presence === presence) return world;
  const people = new Map(world.people).set(id, { ...person, presence });
  return { ...world, people, me: id === world.me.id ? { ...world.me, presence } : world.me };
}

/** A person as the server shows it now; presence is told by signals, which may be newer. */
export function withPerson(world: World, person: Person): World {
  const presence = world.people.get(person.id)?.presence ?? person.presence;
  const now = { ...person, presence };
  const changed = new Set([...world.changed].filter((id) => id !== person.id));
  const me = person.id === world.me.id ? { ...now, site_name: world.me.site_name } : world.me;
  return { ...world, me, changed, people: new Map(world.people).set(person.id, now) };
}

/** Names that came by another way than the feed: from an older event, a search, an answer. Never overwrites what is known. */
export function learn(world: World, persons: Iterable<Person>): World {
  const unknown = [...persons].filter((person) => !world.people.has(person.id));
  if (unknown.length === 0) return world;
  const people = new Map(world.people);
  for (const person of unknown) people.set(person.id, person);
  return { ...world, people };
}

/**
 * A conversation that an answer brought: one of a page, one that was asked for, a room just joined. The answer may be newer
 * than the feed has got, so what it contains is not applied again. `held` are the events of it that came before the answer;
 * what the answer does not contain is applied. A conversation that is known stays as it is: the feed brings the rest.
 */
export function withConversation(
  world: World,
  conversation: Conversation,
  held: readonly FeedEvent[] = [],
): World {
  if (world.conversations.has(conversation.id)) return world;
  const { id, head_seq, receipts_seq, unread } = conversation;
  const seen = seenSeq(conversation);
  // These were written after the server counted what is unread.
  const since = held.filter((event) => event.stream === id && event.seq > seen && event.seq <= head_seq);
  const counted = Math.max(0, unread - since.length);
  const own = held.some((event) => event.from === world.me.id || isOwnMark(event, world.me.id));
  const known = replaced(withoutElsewhere(world, counted), conversation);
  const later = held.filter(
    (event) =>
      event.kind === 'marked' ||
      event.kind === 'choices_changed' ||
      isAmending(event) ||
      event.seq > (event.kind === 'receipts' ? receipts_seq : head_seq),
  );
  const moved = { ...later.reduce(applyEvent, known), cursor: world.cursor };
  return own && world.unreadElsewhere > 0 ? doubted(moved) : moved;
}

/** A conversation as an answer shows it now, in the place of an older one: for tickets that nobody here takes part in. */
export function withRefreshed(
  world: World,
  conversation: Conversation,
  persons: Iterable<Person> = [],
): World {
  const before = world.conversations.get(conversation.id);
  const isNewer = before === undefined || conversation.head_seq >= before.head_seq;
  const { followed } = conversation;
  const now = isNewer ? conversation : { ...before, ...(followed === undefined ? {} : { followed }) };
  return replaced(learn(world, persons), now);
}

/** All invitations as the server lists them. Those that an event has brought stay as they are. */
export function withInvitations(world: World, listed: readonly Invitation[]): World {
  const invitations = new Map(listed.map((each) => [each.conversation, each]));
  for (const [conversation, known] of world.invitations) invitations.set(conversation, known);
  return { ...world, invitations };
}

export function withoutInvitation(world: World, conversation: string): World {
  if (!world.invitations.has(conversation)) return world;
  const invitations = new Map(world.invitations);
  invitations.delete(conversation);
  return { ...world, invitations };
}

export function withSite(world: World, site_name: string): World {
  return { ...world, me: { ...world.me, site_name } };
}

function added(world: World, event: EventOf<'conversation_added'>): World {
  const { conversation } = event.body;
  const here = world.conversations.get(conversation.id);
  const met = named(world, event.body.people);
  return here !== undefined && here.head_seq > conversation.head_seq ? met : replaced(met, conversation);
}

/** People as an event names them: it does not tell what they show of themselves. */
function named(world: World, persons: readonly Person[]): World {
  const people = new Map(world.people);
  const changed = new Set(world.changed);
  for (const person of persons) {
    const { picture, status } = people.get(person.id) ?? {};
    people.set(person.id, { ...person, ...(picture && { picture }), ...(status && { status }) });
    if (!world.people.has(person.id)) changed.add(person.id);
  }
  return { ...world, people, changed };
}

function removed(world: World, id: string): World {
  if (!world.conversations.has(id)) return world.unreadElsewhere > 0 ? doubted(world) : world;
  // Its threads go with it.
  const left = [...world.conversations].filter(
    ([each, { parent }]) => each !== id && parent?.conversation !== id,
  );
  return { ...world, conversations: new Map(left) };
}

/** A thread that is known is followed from now on, or no longer: then nothing in it is unread. */
function followed(world: World, id: string, on: boolean): World {
  const thread = world.conversations.get(id);
  if (thread === undefined || thread.followed === on) return world;
  return replaced(world, { ...thread, followed: on, unread: 0, mentions: [] });
}

/** Of a thread that is not followed, this is all that tells of new answers. */
function answered(world: World, event: EventOf<'answered'>): World {
  const thread = world.conversations.get(event.body.thread);
  if (thread?.followed !== false || event.body.head_seq <= thread.head_seq) return world;
  return replaced(world, { ...thread, head_seq: event.body.head_seq });
}

function received(world: World, event: EventOf<'receipts'>): World {
  const conversation = world.conversations.get(event.body.conversation);
  if (conversation === undefined || event.seq <= conversation.receipts_seq) return unknownMark(world, event);
  const marked = withMarks(conversation, event.body.marks, world.me.id);
  return replaced(world, { ...marked, receipts_seq: event.seq });
}

function marked(world: World, event: EventOf<'marked'>): World {
  const conversation = world.conversations.get(event.body.conversation);
  if (conversation === undefined) return unknownMark(world, event);
  return replaced(world, withMarks(conversation, event.body.marks, world.me.id));
}

/** An own mark that moves nothing here: how much was unread before it, only the server can tell. */
function unknownMark(world: World, event: FeedEvent): World {
  return world.unreadElsewhere > 0 && isOwnMark(event, world.me.id) ? doubted(world) : world;
}

function isOwnMark(event: FeedEvent, me: string): boolean {
  return (
    (event.kind === 'receipts' || event.kind === 'marked') &&
    event.body.marks.some((mark) => mark.person === me)
  );
}

function chosen(world: World, event: EventOf<'choices_changed'>): World {
  const { conversation, choices } = event.body;
  const { folder } = choices;
  const folders =
    folder === '' || world.folders.includes(folder) ? world.folders : [...world.folders, folder].sort();
  const known = world.conversations.get(conversation);
  if (known === undefined) return { ...world, folders };
  return replaced({ ...world, folders }, withChoices(known, choices));
}

/** The list shows the newest message of each conversation with the text that it has now. */
function edited(world: World, event: EventOf<'edited'> | EventOf<'whole'>): World {
  const conversation = world.conversations.get(amendedConversation(event) ?? '');
  const last = conversation?.last;
  if (conversation === undefined || last?.kind !== 'message' || last.seq !== event.body.message) return world;
  const now = { ...last, body: { ...last.body, text: event.body.text } };
  return replaced(world, { ...conversation, last: now });
}

/** The list shows no text of a message that is gone, and nobody is mentioned by it. */
function recalled(world: World, event: EventOf<'recalled'>): World {
  const conversation = world.conversations.get(amendedConversation(event) ?? '');
  if (conversation === undefined) return world;
  const { message } = event.body;
  const { last } = conversation;
  const isLast = last?.kind === 'message' && last.seq === message;
  const mentions = conversation.mentions.filter((seq) => seq !== message);
  return replaced(world, { ...conversation, mentions, last: isLast ? erased(last) : last });
}

/** A message that the person has hidden from itself calls it no more. */
function hidden(world: World, { body }: EventOf<'hidden'>): World {
  const conversation = world.conversations.get(body.conversation);
  if (conversation === undefined || !body.on) return world;
  const mentions = conversation.mentions.filter((seq) => seq !== body.message);
  return replaced(world, { ...conversation, mentions });
}

type ConversationEvent = Exclude<
  FeedEvent,
  {
    kind:
      | 'conversation_added'
      | 'conversation_removed'
      | 'invited'
      | 'invitation_gone'
      | 'receipts'
      | 'marked'
      | 'edited'
      | 'whole'
      | 'reacted'
      | 'pinned'
      | 'previewed'
      | 'recalled'
      | 'choices_changed'
      | 'blocked'
      | 'answered'
      | 'thread_followed'
      | 'hidden'
      | 'person_changed'
      | 'data';
  }
>;

function appended(world: World, event: ConversationEvent): World {
  const before = world.conversations.get(event.stream);
  if (before === undefined) return world;
  if (event.seq <= before.head_seq) return contained(world, before, event);
  // Joining may be told before it is appended: then `joined_seq` is ahead of the head, and the join itself is no news.
  const seen = Math.max(seenSeq(before), before.joined_seq);
  const called = event.kind === 'message' ? mentionsAfter(before, event, world.me.id) : before.mentions;
  const conversation = {
    ...before,
    head_seq: event.seq,
    unread: Math.max(0, event.seq - seen),
    mentions: unseenMentions(called, seen),
    last: event,
  };
  switch (event.kind) {
    case 'message': {
      if (event.from === undefined) return replaced(world, conversation);
      // The author of a message has read everything before it. No receipt says so.
      const mark: Mark = { person: event.from, delivered: event.seq, read: event.seq };
      return replaced(world, withMarks(conversation, [mark], world.me.id));
    }
    case 'member_joined': {
      const met = named(world, [event.body.person]);
      const id = event.body.person.id;
      if (conversation.members.some((member) => member.person === id)) return replaced(met, conversation);
      const { role, muted_until } = event.body;
      const muted = muted_until === undefined ? {} : { muted_until };
      const member: Member = { person: id, role, delivered: 0, read: 0, ...muted };
      const members =
        conversation.members.length < membersKeptMax
          ? [...conversation.members, member]
          : conversation.members;
      return replaced(met, { ...conversation, members, member_count: before.member_count + 1 });
    }
    case 'member_left':
    case 'role_changed':
    case 'member_muted':
    case 'changed':
      return replaced(world, afterRoomEvent(conversation, event, world.me.id));
    default:
      return replaced(world, conversation);
  }
}

/**
 * An event that an answer had brought with its conversation. The server's number for all was older: it lacks what somebody
 * else wrote, and has what an own message has answered.
 */
function contained(world: World, conversation: Conversation, event: ConversationEvent): World {
  const own = event.from === world.me.id;
  return event.seq > conversation.joined_seq && (!own || world.unreadElsewhere > 0) ? doubted(world) : world;
}

/** Marks only move forward (P5). The person's own mark also moves what counts as seen. */
function withMarks(conversation: Conversation, marks: readonly Mark[], me: string): Conversation {
  const members = conversation.members.map((member) => {
    const mark = marks.find((candidate) => candidate.person === member.person);
    if (mark === undefined) return member;
    return {
      ...member,
      delivered: Math.max(member.delivered, mark.delivered),
      read: Math.max(member.read, mark.read),
    };
  });
  const own = marks.find((mark) => mark.person === me)?.read ?? 0;
  const unread = Math.max(0, Math.min(conversation.unread, conversation.head_seq - own));
  const read_seq = Math.max(conversation.read_seq, own);
  const mentions = unseenMentions(conversation.mentions, conversation.head_seq - unread);
  return { ...conversation, members, read_seq, unread, mentions };
}

function replaced(world: World, conversation: Conversation): World {
  return { ...world, conversations: new Map(world.conversations).set(conversation.id, conversation) };
}

function withoutSite(me: Me): Person {
  const { site_name: _, ...person } = me;
  return person;
}
