/** What people say of themselves, until it ends. */
import type { Person, Status } from '@encke/sdk';

/** The status of a person at a time; null without one. It ends by itself, whether the server is there or not. */
export function statusOf(person: Pick<Person, 'status'> | null | undefined, now: number): Status | null {
  const status = person?.status;
  return status === undefined || (status.until ?? Infinity) <= now ? null : status;
}

/** Emoji and words in one line. */
export function statusLine({ emoji, text }: Status): string {
  return emoji === undefined ? text : `${emoji} ${text}`.trim();
}
