/* What a poll looks like: the votes for each option, one's own, and whether it is open. */
import type { Amended, MessageEvent } from '@encke/sdk';

export type Poll = NonNullable<MessageEvent['body']['poll']>;
export type PollResult = NonNullable<Amended['poll']>;

/** The server's limits. */
export const optionsMax = 10;
export const optionsMin = 2;
export const optionBytesMax = 200;
export const questionBytesMax = 1_000;

export interface PollOption {
  readonly text: string;
  readonly votes: number;
  /** The part of those who voted that voted for it, in percent. */
  readonly percent: number;
  readonly mine: boolean;
}

export interface PollView {
  readonly options: readonly PollOption[];
  readonly voters: number;
  readonly open: boolean;
}

/**
 * A poll as it is shown. `pending`: the options that this person has just chosen and the server has not confirmed; they count
 * already. Null if there are none.
 */
export function pollView(
  poll: Poll,
  result: PollResult | undefined,
  pending: readonly number[] | null,
  now: number,
): PollView {
  const before = result?.mine ?? [];
  const mine = pending ?? before;
  const voters = (result?.voters ?? 0) + Number(mine.length > 0) - Number(before.length > 0);
  const options = poll.options.map((text, at) => {
    const told = result?.counts[at] ?? 0;
    const votes = told + Number(mine.includes(at)) - Number(before.includes(at));
    return {
      text,
      votes,
      percent: voters > 0 ? Math.round((votes / voters) * 100) : 0,
      mine: mine.includes(at),
    };
  });
  const open = result?.closed_at === undefined && !(poll.ends_at !== undefined && poll.ends_at <= now);
  return { options, voters, open };
}

/** The options that are chosen after somebody has clicked on one. */
export function chosen(before: readonly number[], option: number, multiple: boolean): number[] {
  if (before.includes(option)) return before.filter((each) => each !== option);
  return multiple ? [...before, option].sort((a, b) => a - b) : [option];
}

export type PollFault = 'question' | 'questionLong' | 'options' | 'optionLong' | 'same';

/** Why a poll can't be made as it is; null if it can. Empty options don't count. */
export function pollFault(question: string, options: readonly string[]): PollFault | null {
  const filled = optionsOf(options);
  if (question.trim() === '') return 'question';
  if (bytesOf(question.trim()) > questionBytesMax) return 'questionLong';
  if (filled.length < optionsMin) return 'options';
  if (filled.some((option) => bytesOf(option) > optionBytesMax)) return 'optionLong';
  return new Set(filled).size < filled.length ? 'same' : null;
}

/** The options that were written, on one line each. */
export function optionsOf(fields: readonly string[]): string[] {
  return fields.map((field) => field.replace(/\p{Cc}+/gu, ' ').trim()).filter((field) => field !== '');
}

const encoder = new TextEncoder();
const bytesOf = (text: string): number => encoder.encode(text).length;
