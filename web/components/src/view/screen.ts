/* What all parts of an element's view share. */
import type { Format, Locale } from '@encke/ui/plain';
import type { Words } from '../i18n/words';
import type { SignedIn } from '../session/person';

export interface Screen {
  readonly signedIn: SignedIn;
  readonly locale: Locale;
  readonly words: Words;
  readonly format: Format;
}

/** What somebody is called here. */
export function nameIn({ signedIn, words }: Screen, person: string): string {
  return person === signedIn.me ? words.you : signedIn.name(person) || words.somebody;
}
