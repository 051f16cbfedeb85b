/**
 * What travels: the words of docs/protocol.md as types, in the spelling of the wire.
 * Nothing here runs. A server that is newer than this file may send kinds that are not listed; they are passed
 * on as they came, so a `switch` over `kind` wants a `default`.
 */

export type AccountRole = 'owner' | 'member' | 'guest' | 'bot';
export type MemberRole = 'owner' | 'member';
export type Presence = 'online' | 'away' | 'offline';
export type ConversationKind = 'direct' | 'room';

export interface Person {
  id: string;
  name: string | null;
  display_name: string;
  role: AccountRole;
  presence: Presence;
}

export interface Me extends Person {
  site_name: string;
}

/** How far a person has got in a conversation, as `seq` of its stream. */
export interface Mark {
  person: string;
  delivered: number;
  read: number;
}

export interface Member extends Mark {
  role: MemberRole;
}

export interface Conversation {
  id: string;
  kind: ConversationKind;
  title: string | null;
  open: boolean;
  role: MemberRole;
  members: Member[];
  joined_seq: number;
  head_seq: number;
  read_seq: number;
  unread: number;
  receipts_seq: number;
  last: FeedEvent | null;
}

export interface Snapshot {
  cursor: string;
  me: Me;
  people: Person[];
  conversations: Conversation[];
  /** Those that wait for an answer, the oldest first. */
  invitations?: Invitation[];
}

/** Somebody would like to have the person in a room. */
export interface Invitation {
  conversation: string;
  title: string | null;
  by: Person | null;
  /** Milliseconds since 1970 by the server's clock. */
  at: number;
}

/** `JSON` as it comes: the body of a channel's event. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** The body of each kind of event. */
export interface EventBodies {
  created: { kind: ConversationKind; title: string | null; open: boolean };
  message: { text: string };
  member_joined: { person: Person; role: MemberRole; by: string };
  member_left: { person: string; by: string };
  role_changed: { person: string; role: MemberRole; by: string };
  changed: { title?: string | null; open?: boolean; by: string };
  receipts: { conversation: string; marks: Mark[] };
  conversation_added: { conversation: Conversation; people: Person[] };
  conversation_removed: { conversation: string };
  invited: { invitation: Invitation };
  invitation_gone: { conversation: string };
  data: Json;
}

export type EventKind = keyof EventBodies;

/** An entry of the log. */
export interface EventOf<K extends EventKind> {
  type: 'event';
  /** The client's new cursor once it holds the event. */
  cursor: string;
  stream: string;
  /** 1, 2, 3 … in its stream, without gaps. */
  seq: number;
  /** Milliseconds since 1970 by the server's clock. */
  at: number;
  kind: K;
  /** Absent when nobody did it. */
  from?: string;
  /** The sender's idempotency key, if it gave one. */
  key?: string;
  body: EventBodies[K];
}

/** Any entry of the log; `kind` tells the body. */
export type FeedEvent = { [K in EventKind]: EventOf<K> }[EventKind];
export type MessageEvent = EventOf<'message'>;

interface SignalOf<K extends string, B> {
  type: 'signal';
  kind: K;
  stream: string;
  from: string;
  body: B;
}

/** At most once, never stored. Forget a `typing` after 6 seconds. */
export type Signal = SignalOf<'typing', { on: boolean }> | SignalOf<'presence', { state: Presence }>;

export interface Ready {
  type: 'ready';
  cursor: string;
  heartbeat_ms: number;
}

export interface Reset {
  type: 'reset';
  reason: 'unknown_epoch' | 'trimmed' | 'ahead';
  cursor: string;
}

export interface Bye {
  type: 'bye';
  reason: 'drain' | 'slow' | 'revoked' | 'idle' | 'too_many' | 'changed' | 'protocol';
  retry: boolean;
  after_ms?: number;
}

/** The one shape of every refusal. */
export interface ErrorBody {
  code: string;
  message: string;
  retry: boolean;
  retry_after_ms?: number;
}

export interface Ok {
  type: 'ok';
  id: number;
  result: unknown;
}

export interface CommandError {
  type: 'error';
  id?: number;
  error: ErrorBody;
}

/** Everything that a feed brings. */
export type Item = FeedEvent | Signal | Ready | Reset | Bye | Ok | CommandError;

/** The answer to a send, on HTTP and on a WebSocket. */
export interface Sent {
  seq: number;
  cursor: string;
  at: number;
}

export type Command =
  | { type: 'send'; id: number; conversation: string; key: string; text: string }
  | { type: 'ack'; cursor: string }
  | { type: 'read'; conversation: string; seq: number }
  | { type: 'typing'; conversation: string; on: boolean }
  | { type: 'presence'; state: 'online' | 'away' }
  | { type: 'ping'; id: number };

/** The body of a poll's answer. */
export interface PollAnswer {
  events: FeedEvent[];
  cursor: string;
  more?: boolean;
  signals?: Signal[];
  reset?: Reset['reason'];
  bye?: Omit<Bye, 'type'>;
}

export interface SetupState {
  needed: boolean;
  guests: boolean;
  site_name: string;
}

export interface Settings {
  guests: boolean;
  /** Channels that guests may follow: names, and beginnings of names with a `*` at the end. */
  guest_channels: string[];
  site_name: string;
}

export interface Ticket {
  ticket: string;
  expires_in_ms: number;
}

export interface OpenRoom {
  id: string;
  title: string;
  members: number;
  joined: boolean;
}

export interface RoomPage {
  rooms: OpenRoom[];
  /** For the next page; absent on the last one. */
  next?: string;
}

export interface HistoryPage {
  /** Oldest first. */
  events: FeedEvent[];
  /** Who did them, also those who have left. */
  people: Person[];
  more: boolean;
}

export interface HistoryQuery {
  before?: number;
  after?: number;
  limit?: number;
}

export type TransportName = 'websocket' | 'sse' | 'ndjson' | 'long-poll' | 'iframe' | 'short-poll';
export type Phase = 'stopped' | 'connecting' | 'live' | 'waiting' | 'offline';

/** What the page may show of the connection. */
export interface ConnectionState {
  phase: Phase;
  /** The transport in use or being tried. */
  transport: TransportName | null;
  /** Milliseconds since 1970; when `phase` is `waiting`. */
  retryAt: number | null;
  /** Whether this tab holds the connection, or listens to the one that does. */
  leader: boolean;
  lastError: string | null;
}

/** A message on its way. */
export interface Outgoing {
  key: string;
  conversation: string;
  text: string;
  createdAt: number;
  status: 'sending' | 'failed';
  /** Why it failed; while it is being sent, that a quota holds it back (`rate_limited`). */
  error: { code: string; message: string; retry: boolean } | null;
}
