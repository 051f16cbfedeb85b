/* What the events of a room change about it and about its members. */
import type { Conversation, EventOf, Member } from '@encke/sdk';

export type RoomEvent =
  EventOf<'member_left'> | EventOf<'role_changed'> | EventOf<'member_muted'> | EventOf<'changed'>;

export function afterRoomEvent(room: Conversation, event: RoomEvent, me: string): Conversation {
  switch (event.kind) {
    case 'member_left': {
      const members = room.members.filter((member) => member.person !== event.body.person);
      return { ...room, members, member_count: room.member_count - 1 };
    }
    case 'role_changed': {
      const members = membersAfter(room.members, event);
      return { ...room, members, role: event.body.person === me ? event.body.role : room.role };
    }
    case 'member_muted':
      return { ...room, members: membersAfter(room.members, event) };
    case 'changed':
      return changed(room, event);
  }
}

function changed(room: Conversation, { body }: EventOf<'changed'>): Conversation {
  const { topic: topicBefore, picture: pictureBefore, announcement: before, ...rest } = room;
  const { title = room.title, open = room.open, announcement = before } = body;
  const { topic = topicBefore, picture = pictureBefore } = body;
  return {
    ...rest,
    title,
    open,
    ...(topic === undefined || topic === '' ? {} : { topic }),
    ...(picture === undefined || picture === '' ? {} : { picture }),
    ...(announcement === true ? { announcement } : {}),
  };
}

/** Members with the role that one of them got, or with its mute. */
export function membersAfter(
  members: readonly Member[],
  event: EventOf<'role_changed'> | EventOf<'member_muted'>,
): Member[] {
  return members.map((member) => {
    if (member.person !== event.body.person) return member;
    if (event.kind === 'member_muted') {
      const { until } = event.body;
      return until === null ? unmuted(member) : { ...member, muted_until: until };
    }
    const { role } = event.body;
    // Nobody who keeps order is muted.
    return { ...(role === 'member' ? member : unmuted(member)), role };
  });
}

function unmuted({ muted_until: _until, ...member }: Member): Member {
  return member;
}

/** Whether a person keeps order in a room. */
export function keepsOrder({ kind, role }: Pick<Conversation, 'kind' | 'role'>): boolean {
  return kind === 'room' && role !== 'member';
}

/** Why a person can't write in a conversation; null if it can. */
export type Shut =
  | { readonly why: 'blocked' }
  | { readonly why: 'announcement' }
  | { readonly why: 'muted'; readonly until: number };

/** When the mute of a member ends. */
export function mutedUntil({ members }: Pick<Conversation, 'members'>, me: string): number {
  return members.find(({ person }) => person === me)?.muted_until ?? 0;
}

export function shutTo(
  conversation: Conversation,
  me: string,
  blocked: ReadonlySet<string>,
  now: number,
): Shut | null {
  const { kind, members, announcement } = conversation;
  if (kind === 'direct') {
    const other = members.find(({ person }) => person !== me);
    return other !== undefined && blocked.has(other.person) ? { why: 'blocked' } : null;
  }
  const until = mutedUntil(conversation, me);
  if (until > now) return { why: 'muted', until };
  return announcement === true && !keepsOrder(conversation) ? { why: 'announcement' } : null;
}
