/**
 * What travels, by the names that this SDK gives it. The types of the wire are generated (`wire.ts`, out of the server's own
 * description of its API); only what lives in the browser alone is written here.
 * Nothing here runs. A server that is newer than this file may send kinds that are not listed; they are passed
 * on as they came, so a `switch` over `kind` wants a `default`.
 */
import type { components, operations } from './wire.js';

type Schemas = components['schemas'];

export type AccountRole = Schemas['Role'];
export type MemberRole = Schemas['MemberRole'];
export type Presence = Schemas['PresenceState'];
export type ConversationKind = Schemas['Kind'];
export type Person = Schemas['Person'];
export type Status = Schemas['Status'];
export type NewStatus = Schemas['NewStatus'];
export type Quiet = Schemas['Quiet'];
export type QuietHours = Schemas['QuietHours'];
export type Me = Schemas['Me'];
/** How far a person has got in a conversation, as `seq` of its stream. */
export type Mark = Schemas['Mark'];
export type Member = Schemas['Member'];
export type Conversation = Schemas['Conversation'];
/** A person's own settings of a conversation. */
export type ConversationChoices = Schemas['Choices'];
export type RoomChange = Schemas['RoomChange'];
export type Snapshot = Schemas['Snapshot'];
/** Somebody would like to have the person in a room. */
export type Invitation = Schemas['Invitation'];

/** `JSON` as it comes: the body of a channel's event. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** The body of each kind of event. */
export type EventBodies = { [E in Schemas['FeedEvent'] as E['kind']]: E['body'] };
export type EventKind = keyof EventBodies;

/** An entry of the log. */
export type EventOf<K extends EventKind> = Omit<Schemas['MessageEvent'], 'kind' | 'body'> & {
  kind: K;
  body: EventBodies[K];
};

/** Any entry of the log; `kind` tells the body. */
export type FeedEvent = { [K in EventKind]: EventOf<K> }[EventKind];
export type MessageEvent = EventOf<'message'>;
/** A file as a message shows it. */
export type MessageFile = Schemas['File'];

/** At most once, never stored. Forget a `typing` after 6 seconds. */
export type Signal = Schemas['Signal'];
export type Ready = Schemas['Ready'];
export type Reset = Schemas['Reset'];
export type Bye = Schemas['Bye'];
/** The reason in every refusal. */
export type ErrorBody = Schemas['RefusedBecause'];
export type ErrorCode = Schemas['ErrorCode'];
export type Ok = Schemas['Ok'];
export type CommandError = Schemas['CommandError'];
/** Everything that a feed brings. */
export type Item = Schemas['Item'];
/** The answer to a send, on HTTP and on a WebSocket. */
export type Sent = Schemas['Sent'];
export type Command = Schemas['Command'];
/** The body of a poll's answer. */
export type PollAnswer = Schemas['PollAnswer'];

export type SetupState = Schemas['SetupState'];
export type Settings = Schemas['Settings'];
export type Ticket = Schemas['Ticket'];
export type OpenRoom = Schemas['OpenRoom'];
export type RoomPage = Schemas['OpenRooms'];
export type ConversationPage = Schemas['ConversationPage'];
export type ConversationQuery = NonNullable<operations['conversations']['parameters']['query']>;
export type OneConversation = Schemas['OneConversation'];
/** What is unread in all conversations together. */
export type Unread = Schemas['Unread'];
export type MemberPage = Schemas['MemberPage'];
export type MemberQuery = NonNullable<operations['members']['parameters']['query']>;
export type HistoryPage = Schemas['HistoryPage'];
export type HistoryQuery = NonNullable<operations['history']['parameters']['query']>;
/** What amendments have made of a message. */
export type Amended = Schemas['Amended'];
/** An emoji under a message. */
export type Reaction = Schemas['Reaction'];
/** One message, as a link or a quote asks for it. */
export type OneMessage = Schemas['OneMessage'];
export type Pins = Schemas['Pins'];
/** Messages that a search found, the newest first. */
export type AnswerSent = Schemas['AnswerSent'];
export type ThreadPage = Schemas['ThreadPage'];
export type ThreadQuery = NonNullable<operations['threads']['parameters']['query']>;
export type FoundMessages = Schemas['FoundMessages'];
export type SearchQuery = NonNullable<operations['search']['parameters']['query']>;
/** The texts that a message had. */
export type Wordings = Schemas['Wordings'];
/** What a person has begun to write in a conversation. */
export type Draft = Schemas['Draft'];
export type Drafts = Schemas['Drafts'];
/** A starred message, as the list of them has it. */
export type StarredMessage = Schemas['StarredMessage'];
export type StarredMessages = Schemas['StarredMessages'];
/** A message that is to be sent later. */
export type ScheduledMessage = Schemas['ScheduledMessage'];
export type ScheduledMessages = Schemas['ScheduledMessages'];
export type NewScheduled = Schemas['NewScheduled'];
export type ScheduledChange = Schemas['ScheduledChange'];
/** Something that a person wants to be told of at a time. */
export type Reminder = Schemas['Reminder'];
export type Reminders = Schemas['Reminders'];
export type NewReminder = Schemas['NewReminder'];
/** A page of a list of what a person keeps. */
export type KeptQuery = NonNullable<operations['stars']['parameters']['query']>;
export type NewAccount = Schemas['NewAccount'];
export type FirstAccount = Schemas['FirstAccount'];
export type NewConversation = Schemas['NewConversation'];

// Of `@encke/sdk/mail`
export type Mails = Schemas['Mails'];
export type WantedMails = Schemas['WantedMails'];

// Of `@encke/sdk/rooms`
/** The choice that a message offers. */
export type Poll = Schemas['Poll'];
/** The votes in a poll, and one's own. */
export type PollResult = Schemas['PollResult'];
export type NewPoll = Omit<Schemas['NewPoll'], 'key'>;
/** A small picture with a name, for texts and reactions. */
export type SiteEmoji = Schemas['SiteEmoji'];
/** A page of those who voted for an option. */
export type Voters = Schemas['Voters'];
export type BanPage = Schemas['BanPage'];
/** Something that an owner or a moderator of a room did. */
export type AuditEntry = Schemas['AuditEntry'];
export type AuditPage = Schemas['AuditPage'];
export type InviteLink = Schemas['InviteLink'];
export type InviteLinks = Schemas['InviteLinks'];
export type NewLink = Schemas['NewLink'];
export type MadeLink = Schemas['MadeLink'];
export type LinkSecret = Schemas['LinkSecret'];
/** The room that a link leads to. */
export type LinkedRoom = Schemas['LinkedRoom'];
export type Blocks = Schemas['Blocks'];
export type Report = Schemas['Report'];
export type ReportPage = Schemas['ReportPage'];

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

/** What a message may have besides its text. */
export interface SendOptions {
  /** The `seq` of the event of the same conversation that it answers. */
  replyTo?: number | undefined;
  /** Ids of uploaded files. With files, the text may be empty. */
  files?: readonly string[] | undefined;
  /** Whether the person's draft in the conversation goes with the message. */
  clearDraft?: boolean | undefined;
}

/** A message on its way. */
export interface Outgoing {
  key: string;
  conversation: string;
  text: string;
  replyTo?: number;
  files?: readonly string[];
  clearDraft?: boolean;
  createdAt: number;
  status: 'sending' | 'failed';
  /** Why it failed; while it is being sent, that a quota holds it back (`rate_limited`). */
  error: { code: string; message: string; retry: boolean } | null;
}
