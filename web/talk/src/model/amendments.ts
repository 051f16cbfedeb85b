/*
 * What amendments (edits, reactions, pins, votes, previews, threads, recalls) have made of the messages of one conversation. Answers of the server bring it
 * as it was at some `amendments_seq`, the feed brings the events one by one; either may be ahead of the other, and an
 * answer may come late. So the newest events are held, and applied again to an answer that is older than they are.
 */
import type { Amended, EventOf, FeedEvent, MessageEvent } from '@encke/sdk';
import { furtherGrown } from './growth';

/** Amendments of one conversation that are held for answers that are still to come. */
export const amendmentsHeldMax = 500;
/** People that are named with an emoji; the server's limit, by which it names them, too. */
export const reactionPeopleShownMax = 10;

const kinds = [
  'edited',
  'whole',
  'reacted',
  'pinned',
  'polled',
  'previewed',
  'answered',
  'recalled',
] as const;
export type AmendingEvent = Extract<FeedEvent, { kind: (typeof kinds)[number] }>;

/** The messages from one `seq` to another, of which an answer knew all amendments up to this one. */
interface Ahead {
  readonly from: number;
  readonly to: number;
  readonly seq: number;
}

export interface Amendments {
  /** By the `seq` of the message. Messages that are as they were written are absent. */
  readonly messages: ReadonlyMap<number, Amended>;
  /** The newest amendment that the feed has brought. */
  readonly seq: number;
  readonly held: readonly AmendingEvent[];
  readonly ahead: readonly Ahead[];
}

/** The part of an answer that tells of amendments. */
export interface AmendedAnswer {
  readonly events: readonly FeedEvent[];
  readonly amended: readonly Amended[];
  readonly amendments_seq: number;
}

export const noAmendments: Amendments = { messages: new Map(), seq: 0, held: [], ahead: [] };

export function isAmending(event: FeedEvent): event is AmendingEvent {
  return (kinds as readonly string[]).includes(event.kind);
}

/** The conversation whose message an event amends. Null for other events. */
export function amendedConversation(event: FeedEvent): string | null {
  return /^a\d+$/.test(event.stream) ? `c${event.stream.slice(1)}` : null;
}

/** An event without its content, as the server has it after it was erased. */
export function erased(event: FeedEvent): EventOf<'erased'> {
  return { ...event, kind: 'erased', body: {} };
}

/** The events of an answer, of which an older one still has the content of messages that were recalled since. */
export function withoutRecalled({ held }: Amendments, events: readonly FeedEvent[]): readonly FeedEvent[] {
  const recalled = new Set(held.flatMap(({ kind, body }) => (kind === 'recalled' ? [body.message] : [])));
  if (recalled.size === 0) return events;
  return events.map((event) => (recalled.has(event.seq) && event.kind === 'message' ? erased(event) : event));
}

/** The text that a message has now. */
export function textOf(event: MessageEvent, amended: Amended | undefined): string {
  return amended?.text ?? event.body.text;
}

export function withAmendment(amendments: Amendments, event: AmendingEvent, me: string): Amendments {
  const { seq } = event;
  if (seq <= amendments.seq) return amendments;
  const { message } = event.body;
  // The texts and votes of a message that was recalled are forgotten here, too.
  const own = (each: AmendingEvent): boolean => event.kind === 'recalled' && each.body.message === message;
  const before = amendments.held.map((each) => (own(each) ? withoutContent(each, event) : each));
  const held = [...before, event].slice(-amendmentsHeldMax);
  const known = amendments.ahead.some((each) => each.seq >= seq && covers(each, message));
  const ahead = amendments.ahead.filter((each) => each.seq > seq);
  const messages = known ? amendments.messages : changed(amendments.messages, event, me);
  return { messages, seq, held, ahead };
}

/** An amendment of a message that is recalled by another event. */
function withoutContent(each: AmendingEvent, recalled: AmendingEvent): AmendingEvent {
  const hasContent =
    each.kind === 'edited' || each.kind === 'whole' || each.kind === 'polled' || each.kind === 'previewed';
  return hasContent ? { ...recalled, seq: each.seq } : each;
}

/** Whether an answer is older than what is still held, so that it has to be asked for again. */
export function isTooOld({ held, seq }: Amendments, answer: AmendedAnswer): boolean {
  const first = held[0]?.seq ?? seq + 1;
  return held.length === amendmentsHeldMax && answer.amendments_seq + 1 < first;
}

/** An answer with messages: a page of the history, one message, the pins. */
export function withAmended(amendments: Amendments, answer: AmendedAnswer, me: string): Amendments {
  const { amendments_seq } = answer;
  const later = amendments.held.filter((event) => event.seq > amendments_seq);
  const told = new Map(answer.amended.map((each) => [each.message, each]));
  const messages = new Map(amendments.messages);
  for (const { seq: message, kind } of answer.events) {
    if (kind !== 'message' && kind !== 'erased') continue;
    // An answer that came late knows less than one before it.
    const newest = Math.max(amendments.seq, amendments_seq);
    if (amendments.ahead.some((each) => each.seq > newest && covers(each, message))) continue;
    const own = later.filter((event) => event.body.message === message);
    const now = own.reduce<Amended | undefined>(
      (one, event) => applied(one, event, me),
      furtherGrown(messages.get(message), told.get(message)),
    );
    if (now === undefined) messages.delete(message);
    else messages.set(message, now);
  }
  const isAhead = amendments_seq > amendments.seq;
  const runs = isAhead ? runsOf(answer.events.map((event) => event.seq)) : [];
  const ahead = [...amendments.ahead, ...runs.map((run) => ({ ...run, seq: amendments_seq }))];
  return { ...amendments, messages, ahead };
}

function covers({ from, to }: Ahead, message: number): boolean {
  return from <= message && message <= to;
}

/** Numbers without a hole between them, as first and last. */
function runsOf(seqs: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const seq of [...seqs].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && seq <= last.to + 1) last.to = seq;
    else runs.push({ from: seq, to: seq });
  }
  return runs;
}

function changed(
  messages: ReadonlyMap<number, Amended>,
  event: AmendingEvent,
  me: string,
): ReadonlyMap<number, Amended> {
  const { message } = event.body;
  const after = new Map(messages);
  const now = applied(messages.get(message), event, me);
  if (now === undefined) after.delete(message);
  else after.set(message, now);
  return after;
}

/** The same rules as the server's, so that both come to the same. Undefined: the message is as it was written. */
function applied(before: Amended | undefined, event: AmendingEvent, me: string): Amended | undefined {
  const from = event.from ?? '';
  const now: Amended = { ...before, message: event.body.message };
  switch (event.kind) {
    case 'recalled':
      // The thread of a message outlives it.
      return before?.thread === undefined ? undefined : { message: now.message, thread: before.thread };
    case 'answered': {
      const { thread: id, answers, at, people } = event.body;
      return { ...now, thread: { id, answers, at, people } };
    }
    case 'polled': {
      // The votes of this person come with answers alone: no event has them.
      const { message: _, ...result } = event.body;
      return { ...now, poll: { ...result, mine: before?.poll?.mine ?? [] } };
    }
    case 'edited':
      return { ...now, text: event.body.text, edits: event.body.edits, edited_at: event.at };
    case 'whole': {
      const { text, state, pieces } = event.body;
      return { ...now, text, growth: { ...now.growth, state, pieces } };
    }
    case 'pinned':
      if (event.body.on) return { ...now, pinned: true, pinned_by: from };
      delete now.pinned;
      delete now.pinned_by;
      break;
    case 'previewed':
      if (event.body.preview) return { ...now, preview: event.body.preview };
      delete now.preview;
      break;
    case 'reacted': {
      const reactions = event.body.on
        ? reacted(now.reactions ?? [], event.body.emoji, from, me)
        : takenBack(now.reactions ?? [], event.body.emoji, from, me);
      if (reactions.length > 0) return { ...now, reactions };
      delete now.reactions;
    }
  }
  return Object.keys(now).length > 1 ? now : undefined;
}

type Reactions = NonNullable<Amended['reactions']>;

function reacted(reactions: Reactions, emoji: string, from: string, me: string): Reactions {
  if (!reactions.some((each) => each.emoji === emoji))
    return [...reactions, { emoji, count: 1, mine: from === me, people: [from] }];
  return reactions.map((each) => {
    if (each.emoji !== emoji) return each;
    const people = each.people.length < reactionPeopleShownMax ? [...each.people, from] : each.people;
    return { emoji, count: each.count + 1, mine: each.mine || from === me, people };
  });
}

function takenBack(reactions: Reactions, emoji: string, from: string, me: string): Reactions {
  return reactions.flatMap((each) => {
    if (each.emoji !== emoji) return [each];
    if (each.count <= 1) return [];
    const people = each.people.filter((person) => person !== from);
    return [{ emoji, count: each.count - 1, mine: each.mine && from !== me, people }];
  });
}
