/** Pieces of the wire, for tests. */
import type { Conversation, EventOf, Me, Snapshot } from '../../src/types.js';

export const epoch = '5f2a91c07d3e4b18';

export function cursorAt(position: number): string {
  return `${epoch}.${position.toString(16)}`;
}

export function message(
  stream: string,
  seq: number,
  position: number,
  more: { from?: string; key?: string; text?: string } = {},
): EventOf<'message'> {
  const { text = `${stream} ${seq}`, from = 'p2', key } = more;
  const event: EventOf<'message'> = {
    type: 'event',
    cursor: cursorAt(position),
    stream,
    seq,
    at: 1,
    kind: 'message',
    from,
    body: { text },
  };
  if (key !== undefined) event.key = key;
  return event;
}

export const me: Me = {
  id: 'p1',
  name: 'mei',
  display_name: 'Mei',
  role: 'owner',
  presence: 'online',
  site_name: 'Encke',
};

export function conversation(id: string, head: number, receipts = 0): Conversation {
  return {
    id,
    kind: 'room',
    title: id,
    open: false,
    role: 'member',
    member_count: 0,
    members: [],
    joined_seq: 1,
    head_seq: head,
    read_seq: 0,
    unread: 0,
    mentions: [],
    receipts_seq: receipts,
    last: null,
  };
}

export function snapshot(position: number, conversations: Conversation[]): Snapshot {
  const unread = { conversations: 0, messages: 0 };
  const all = { conversations, conversations_before: null, unread, invitations: [], invitations_more: false };
  const drafts = { drafts: [], drafts_more: false, threads: { conversations: 0, messages: 0 } };
  const planned = { scheduled: { waiting: 0, failed: 0 }, reminders: { waiting: 0, due: 0 } };
  const own = { pinned: [], folders: [], blocked: [] };
  return { cursor: cursorAt(position), me, people: [], ...all, ...drafts, ...planned, ...own };
}
