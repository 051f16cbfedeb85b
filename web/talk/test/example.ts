/** Example data: a server in miniature that answers snapshots by the rules of docs/protocol.md, told independently of the models. */
import type {
  Conversation,
  ConversationChoices,
  EventBodies,
  EventOf,
  FeedEvent,
  Member,
  Person,
  Presence,
  Snapshot,
} from '@encke/sdk';

export const at0 = new Date(2026, 10, 20, 9, 0).getTime();

export function person(id: string, display_name = id, presence: Presence = 'online'): Person {
  return { id, name: id, display_name, role: 'member', presence };
}

type Kept = {
  id: string;
  kind: 'direct' | 'room';
  title: string | null;
  open: boolean;
  topic?: string;
  announcement?: boolean;
  members: (Member & { joined: number; choices?: ConversationChoices })[];
};

export class Example {
  readonly log: FeedEvent[] = [];
  readonly people = new Map<string, Person>();
  readonly #kept = new Map<string, Kept>();
  readonly #blocked = new Map<string, string[]>();
  #heads = new Map<string, number>();

  constructor(...people: Person[]) {
    for (const one of people) this.people.set(one.id, one);
  }

  append<K extends keyof EventBodies>(
    stream: string,
    kind: K,
    from: string | undefined,
    body: EventBodies[K],
    key?: string,
  ): EventOf<K> {
    const seq = (this.#heads.get(stream) ?? 0) + 1;
    this.#heads.set(stream, seq);
    const event: EventOf<K> = {
      type: 'event',
      cursor: `e.${this.log.length + 1}`,
      stream,
      seq,
      at: at0 + this.log.length * 60_000,
      kind,
      ...(from === undefined ? {} : { from }),
      ...(key === undefined ? {} : { key }),
      body,
    };
    this.log.push(event as FeedEvent);
    return event;
  }

  create(id: string, kind: 'direct' | 'room', title: string | null, members: string[]): void {
    this.#kept.set(id, {
      id,
      kind,
      title,
      open: false,
      members: members.map((one, index) => ({
        person: one,
        role: kind === 'room' && index === 0 ? 'owner' : 'member',
        delivered: 0,
        read: 0,
        joined: 1,
      })),
    });
    this.append(id, 'created', members[0], { kind, title, open: false });
    for (const one of members) this.#tell(id, one);
  }

  say(id: string, from: string, text: string, key?: string): EventOf<'message'> {
    const people = this.#room(id).members.map((member) => member.person);
    const named = people.filter((person) => text.includes(`<@${person}>`));
    const everyone = text.includes('<@all>') && this.#member(id, from).role === 'owner';
    const body = {
      text,
      ...(named.length > 0 ? { mentions: named } : {}),
      ...(everyone ? { everyone } : {}),
    };
    const event = this.append(id, 'message', from, body, key);
    // The author of a message has read everything before it. No receipt says so.
    const member = this.#member(id, from);
    member.read = member.delivered = event.seq;
    return event;
  }

  mark(id: string, person: string, what: 'delivered' | 'read', seq: number): void {
    const member = this.#member(id, person);
    member.delivered = Math.max(member.delivered, seq);
    if (what === 'read') member.read = Math.max(member.read, seq);
    const { delivered, read } = member;
    this.append(`r${id.slice(1)}`, 'receipts', undefined, {
      conversation: id,
      marks: [{ person, delivered, read }],
    });
  }

  join(id: string, person: string, by: string): void {
    const joined = (this.#heads.get(id) ?? 0) + 1;
    this.#room(id).members.push({ person, role: 'member', delivered: 0, read: 0, joined });
    this.#tell(id, person);
    this.append(id, 'member_joined', by, { person: this.people.get(person)!, role: 'member', by });
  }

  leave(id: string, person: string, by: string): void {
    this.append(id, 'member_left', by, { person, by });
    this.#room(id).members = this.#room(id).members.filter((member) => member.person !== person);
    this.append(person, 'conversation_removed', undefined, { conversation: id });
  }

  role(id: string, person: string, role: 'owner' | 'moderator' | 'member', by: string): void {
    const member = this.#member(id, person);
    member.role = role;
    if (role !== 'member') delete member.muted_until;
    this.append(id, 'role_changed', by, { person, role, by });
  }

  mute(id: string, person: string, until: number | null, by: string): void {
    const member = this.#member(id, person);
    if (until === null) delete member.muted_until;
    else member.muted_until = until;
    this.append(id, 'member_muted', by, { person, until, by });
  }

  /** `choices` are all of a person's settings of a conversation; it has none of its own if nothing is chosen. */
  choose(id: string, person: string, choices: ConversationChoices, some = true): void {
    const member = this.#member(id, person);
    if (some) member.choices = choices;
    else delete member.choices;
    this.append(person, 'choices_changed', person, { conversation: id, choices });
  }

  block(person: string, other: string, on: boolean): void {
    const blocked = this.#blocked.get(person) ?? [];
    this.#blocked.set(person, on ? [other, ...blocked] : blocked.filter((each) => each !== other));
    this.append(person, 'blocked', person, { person: other, on });
  }

  /** Gives a room a topic, or takes it away with an empty one, and says who writes. */
  announce(id: string, topic: string, announcement: boolean, by: string): void {
    const room = this.#room(id);
    delete room.topic;
    delete room.announcement;
    if (topic !== '') room.topic = topic;
    if (announcement) room.announcement = true;
    this.append(id, 'changed', by, { topic, announcement, by });
  }

  change(id: string, title: string, by: string): void {
    this.#room(id).title = title;
    this.append(id, 'changed', by, { title, by });
  }

  /** `page`: how many conversations it lists. */
  snapshot(me: string, page = Infinity): Snapshot {
    const mine = [...this.#kept.values()].filter((room) =>
      room.members.some((member) => member.person === me),
    );
    const ids = new Set(mine.flatMap((room) => room.members.map((member) => member.person)));
    const conversations = mine
      .map((room) => this.conversation(room.id, me))
      .sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0));
    const unread = conversations.map((each) => each.unread);
    const chosen = conversations.flatMap(({ id, choices }) =>
      choices === undefined ? [] : [{ id, choices }],
    );
    const folders = new Set(chosen.map(({ choices }) => choices.folder).filter((name) => name !== ''));
    return {
      cursor: `e.${this.log.length}`,
      me: { ...this.people.get(me)!, site_name: 'Example' },
      people: [...ids].map((id) => this.people.get(id)!),
      conversations: conversations.slice(0, page),
      conversations_before: page < conversations.length ? String(page) : null,
      unread: {
        conversations: unread.filter((count) => count > 0).length,
        messages: unread.reduce((sum, count) => sum + count, 0),
      },
      threads: { conversations: 0, messages: 0 },
      invitations: [],
      invitations_more: false,
      drafts: [],
      drafts_more: false,
      scheduled: { waiting: 0, failed: 0 },
      reminders: { waiting: 0, due: 0 },
      pinned: chosen.filter(({ choices }) => choices.pinned).map(({ id }) => id),
      folders: [...folders].sort(),
      blocked: this.#blocked.get(me) ?? [],
    };
  }

  /** The events that `me` gets after the cursor `after`. */
  feed(me: string, after: number): FeedEvent[] {
    return this.log.slice(after).filter((event) => {
      if (event.stream.startsWith('p')) return event.stream === me;
      return (
        this.#kept.get(event.stream.replace(/^r/, 'c'))?.members.some((member) => member.person === me) ===
        true
      );
    });
  }

  conversation(id: string, me: string): Conversation {
    const { kind, title, open, members, topic, announcement } = this.#room(id);
    const own = members.find((member) => member.person === me)!;
    const events = this.log.filter((event) => event.stream === id);
    const head_seq = events.at(-1)?.seq ?? 0;
    return {
      id,
      kind,
      title,
      open,
      role: own.role,
      member_count: members.length,
      members: members.map(({ joined: _joined, choices: _choices, ...member }) => member),
      ...(topic === undefined ? {} : { topic }),
      ...(announcement === undefined ? {} : { announcement }),
      ...(own.choices === undefined ? {} : { choices: own.choices }),
      joined_seq: own.joined,
      head_seq,
      read_seq: own.read,
      unread: Math.max(0, head_seq - Math.max(own.read, own.joined)),
      mentions: events
        .filter((event) => event.seq > Math.max(own.read, own.joined) && calls(event, me))
        .map((event) => event.seq)
        .slice(-100),
      receipts_seq: this.#heads.get(`r${id.slice(1)}`) ?? 0,
      last: events.at(-1) ?? null,
    };
  }

  #tell(id: string, person: string): void {
    const people = this.#room(id).members.map((member) => this.people.get(member.person)!);
    this.append(person, 'conversation_added', undefined, {
      conversation: this.conversation(id, person),
      people,
    });
  }

  #room(id: string): Kept {
    return this.#kept.get(id)!;
  }

  #member(id: string, person: string): Kept['members'][number] {
    return this.#room(id).members.find((member) => member.person === person)!;
  }
}

function calls(event: FeedEvent, me: string): boolean {
  if (event.kind !== 'message' || event.from === me) return false;
  return event.body.everyone === true || (event.body.mentions ?? []).includes(me);
}
