/* A person's own settings of a conversation: when it is noticed, and where it stands in the list. */
import type { Conversation, ConversationChoices } from '@encke/sdk';

/** The settings of a conversation of which nothing was chosen. */
export const unchosen: ConversationChoices = {
  notify: 'all',
  muted_until: 0,
  pinned: false,
  archived: false,
  folder: '',
};

export function choicesOf({ choices }: Conversation): ConversationChoices {
  return choices ?? unchosen;
}

/** A conversation with these settings. Nothing stands in it if nothing is chosen, as in a snapshot. */
export function withChoices(conversation: Conversation, choices: ConversationChoices): Conversation {
  const { choices: _before, ...rest } = conversation;
  const { notify, muted_until, pinned, archived, folder } = choices;
  const some = notify !== 'all' || muted_until > 0 || pinned || archived || folder !== '';
  return some ? { ...rest, choices } : rest;
}

export function isMuted({ choices }: Conversation, now: number): boolean {
  return choices !== undefined && choices.muted_until > now;
}

/** Whether the person wants to hear of mentions only, or of nothing, in a conversation. Its unread messages wait in silence. */
export function isHushed(conversation: Conversation, now: number): boolean {
  const { notify, archived } = choicesOf(conversation);
  return notify !== 'all' || archived || isMuted(conversation, now);
}

/** Whether a person wants to be told of a new message. */
export function tells(conversation: Conversation, mentioned: boolean, now: number): boolean {
  const { notify } = choicesOf(conversation);
  if (notify === 'nothing' || isMuted(conversation, now)) return false;
  return mentioned || !isHushed(conversation, now);
}

/** Pinned ones first; the order stays otherwise. */
export function pinnedFirst(conversations: readonly Conversation[]): Conversation[] {
  const isPinned = (each: Conversation): boolean => choicesOf(each).pinned;
  return [...conversations.filter(isPinned), ...conversations.filter((each) => !isPinned(each))];
}

/** How long a conversation is muted. */
export type MuteFor = 'hour' | 'hours' | 'tomorrow' | 'always';
export const muteTimes: readonly MuteFor[] = ['hour', 'hours', 'tomorrow', 'always'];

/** The latest time that the server keeps, the end of the year 9999: always. */
export const alwaysMs = 253_402_300_799_999;
const hourMs = 3_600_000;
/** The hour of the next day at which a mute "until tomorrow" ends. */
const morningHour = 8;

/** The time at which a mute that begins now ends. */
export function muteEnd(how: MuteFor, now: number): number {
  if (how === 'hour') return now + hourMs;
  if (how === 'hours') return now + 8 * hourMs;
  if (how === 'always') return alwaysMs;
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, morningHour).getTime();
}
