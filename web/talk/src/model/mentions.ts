/*
 * People who are called in a message. The log has `<@p12>`, which stays right when somebody takes another name; a person
 * writes and sees `@Mei`.
 */
import type { Conversation, Person } from '@encke/sdk';
import type { World } from './world';

/** The word by which everybody is called, in the log. */
export const everybody = 'all';

/** Somebody who can be called, and how that is written. */
export interface Callable {
  readonly id: string;
  readonly name: string;
}

/** All who can be called by name: the members that are known, and `more`, of whom an answer told. */
export function callable(
  conversation: Conversation,
  world: World,
  all: string,
  more: readonly Person[] = [],
): Callable[] {
  // Whoever may read a thread can be called in it.
  const { members } = world.conversations.get(conversation.parent?.conversation ?? '') ?? conversation;
  const known = members.flatMap(({ person }) => world.people.get(person) ?? []);
  const persons = new Map([...known, ...more].map((person) => [person.id, person.display_name]));
  const found = [...persons].map(([id, name]) => ({ id, name }));
  return mayCallAll(conversation) ? [...found, { id: everybody, name: all }] : found;
}

/** Who owns or moderates a room may call all of it at once. */
export function mayCallAll(conversation: Conversation): boolean {
  const role: string = conversation.role;
  return conversation.kind !== 'direct' && (role === 'owner' || role === 'moderator');
}

/** The text for the log: each `@name` of somebody becomes the id. The longest name wins. */
export function encoded(text: string, callables: readonly Callable[]): string {
  if (!text.includes('@')) return text;
  const longest = [...callables].sort((a, b) => b.name.length - a.name.length);
  let found = '';
  let end = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', end)) {
    const called = beginsWord(text, at)
      ? longest.find(({ name }) => isCalled(text, at + 1, name))
      : undefined;
    found += text.slice(end, at) + (called === undefined ? '@' : `<@${called.id}>`);
    end = at + 1 + (called?.name.length ?? 0);
  }
  return found + text.slice(end);
}

/** The text as its writer sees it. */
export function decoded(text: string, nameOf: (person: string) => string): string {
  return text.replace(/<@(p\d{1,19}|all)>/g, (_, person: string) => `@${nameOf(person)}`);
}

/** Those whose name, or a word of it, begins with `query`; then those that hold it. */
export function calledBy(query: string, callables: readonly Callable[], max: number): Callable[] {
  const wanted = query.toLocaleLowerCase();
  const rank = ({ name }: Callable): number => {
    const folded = name.toLocaleLowerCase();
    if (folded.startsWith(wanted)) return 0;
    return folded.split(/\s+/).some((word) => word.startsWith(wanted)) ? 1 : folded.includes(wanted) ? 2 : 3;
  };
  const ranked = callables.map((each) => ({ each, rank: rank(each) })).filter((one) => one.rank < 3);
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, max)
    .map(({ each }) => each);
}

function isCalled(text: string, at: number, name: string): boolean {
  if (name === '' || text.slice(at, at + name.length) !== name) return false;
  // `@Anna` is not meant by `@Annabel`; Chinese names stand without a space.
  const after = text[at + name.length] ?? ' ';
  return !/[\p{L}\p{N}]/u.test(after) || /\p{Script=Han}/u.test(after) || /\p{Script=Han}$/u.test(name);
}

/** An address of mail calls nobody. */
function beginsWord(text: string, at: number): boolean {
  const before = text[at - 1] ?? ' ';
  return text[at - 1] !== '<' && (!/[\p{L}\p{N}]/u.test(before) || /\p{Script=Han}/u.test(before));
}
