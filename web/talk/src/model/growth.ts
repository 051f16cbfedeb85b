/* Messages that grow while a program writes them: what the pieces of the feed make of what is known of a message. */
import type { Amended, FeedEvent } from '@encke/sdk';
import type { Amendments } from './amendments';

export type GrowthEvent = Extract<FeedEvent, { kind: 'piece' | 'grown' | 'stop_asked' }>;

export function isGrowth(event: FeedEvent): event is GrowthEvent {
  return event.kind === 'piece' || event.kind === 'grown' || event.kind === 'stop_asked';
}

/** The conversation whose message grows by an event. Null for other events. */
export function growingConversation(event: FeedEvent): string | null {
  return /^g\d+$/.test(event.stream) ? `c${event.stream.slice(1)}` : null;
}

/**
 * What a message is after an event of its growth: the same object if it says nothing new, null if pieces before it are
 * missing. `opening` is the text that the message was opened with.
 */
export function grownBy(before: Amended | undefined, opening: string, event: GrowthEvent): Amended | null {
  const { message } = event.body;
  const { growth = { state: 'growing', pieces: 0 }, ...rest } = before ?? { message };
  const text = rest.text ?? opening;
  const now = { ...rest, text, growth };
  if (growth.state !== 'growing') return before ?? now;
  if (event.kind === 'stop_asked')
    return event.from === undefined ? now : { ...now, growth: { ...growth, stop_by: event.from } };
  const { n } = event.body;
  if (n <= growth.pieces) return now;
  const grown = { ...growth, pieces: n };
  if (event.kind === 'grown') return { ...now, text: event.body.text, growth: grown };
  return n === growth.pieces + 1 ? { ...now, text: text + event.body.text, growth: grown } : null;
}

/** What an answer tells of a message, unless the feed has brought more of its growth already. */
export function furtherGrown(known: Amended | undefined, told: Amended | undefined): Amended | undefined {
  const ahead = known?.growth?.pieces ?? 0;
  if (told?.growth?.state !== 'growing' || known?.text === undefined || ahead <= told.growth.pieces)
    return told;
  return { ...told, text: known.text, growth: { ...told.growth, pieces: ahead } };
}

/** The amendments with what a message has become. */
export function withGrown(amendments: Amendments, grown: Amended): Amendments {
  if (amendments.messages.get(grown.message) === grown) return amendments;
  return { ...amendments, messages: new Map(amendments.messages).set(grown.message, grown) };
}
