import type { Talk } from '../../state/talk.svelte';
import { calledOf, lineOf } from '../../i18n/describe';
import type { KeepingWords } from '../../i18n/keeping';
import type { Quoted } from '../../model/quote';

/** The title of a conversation, also of one that is not loaded. */
export function placeOf(talk: Talk, conversation: string | undefined): string {
  const known = talk.world?.conversations.get(conversation ?? '');
  return known === undefined ? talk.words.unknownConversation : talk.titleOf(known);
}

/** The author of a message, before its text. */
export function authorOf(talk: Talk, person: string): string {
  const { world, words } = talk;
  if (world === null) return '';
  return person === world.me.id ? words.preview.self : words.preview.by(calledOf(world, person, words));
}

/** The beginning of a message in one line, or why it can't be shown. */
export function lineOfQuoted(talk: Talk, words: KeepingWords, quoted: Quoted | undefined): string {
  if (quoted === undefined) return words.loading;
  if (quoted.kind === 'recalled') return words.recalled;
  if (quoted.kind === 'hidden' || talk.world === null) return words.hidden;
  return lineOf(quoted.text, talk.world, talk.words);
}
