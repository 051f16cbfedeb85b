/** Typing by conversation and person. Signals come at most once, so each is forgotten after a time, or when the message comes. */
import type { Signal } from '@encke/sdk';

export const typingForgottenMs = 6_000;

type TypingSignal = Extract<Signal, { kind: 'typing' }>;

/** Conversation, then person, then when to forget. */
export type Typing = ReadonlyMap<string, ReadonlyMap<string, number>>;

export const nobodyTyping: Typing = new Map();

export function withTyping(typing: Typing, signal: TypingSignal, now: number): Typing {
  const persons = new Map(typing.get(signal.stream));
  if (signal.body.on) persons.set(signal.from, now + typingForgottenMs);
  else persons.delete(signal.from);
  return new Map(typing).set(signal.stream, persons);
}

export function withoutTyping(typing: Typing, conversation: string, person: string): Typing {
  if (typing.get(conversation)?.has(person) !== true) return typing;
  const persons = new Map(typing.get(conversation));
  persons.delete(person);
  return new Map(typing).set(conversation, persons);
}

/** The typing that is left at `now`, and when the next person is forgotten (null: nobody is typing). */
export function expired(typing: Typing, now: number): { typing: Typing; nextAt: number | null } {
  let nextAt: number | null = null;
  const left = new Map<string, ReadonlyMap<string, number>>();
  for (const [conversation, persons] of typing) {
    const still = new Map([...persons].filter(([, until]) => until > now));
    if (still.size > 0) left.set(conversation, still);
    for (const until of still.values()) nextAt = Math.min(nextAt ?? until, until);
  }
  return { typing: left, nextAt };
}

export function typingIn(typing: Typing, conversation: string, me: string): string[] {
  return [...(typing.get(conversation)?.keys() ?? [])].filter((person) => person !== me);
}
