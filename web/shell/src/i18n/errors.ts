import { ApiError } from '@encke/sdk';
import { errorText, type CommonWords } from '@encke/ui/plain';

/** The sentence for an error that an action has thrown, in the person's language. */
export function thrownText(thrown: unknown, words: Pick<CommonWords, 'error'>): string {
  return thrown instanceof ApiError ? errorText(thrown.code, thrown.message, words) : words.error.unknown;
}
