import { ApiError } from '@encke/sdk';
import type { Words } from './en';

/** A refusal in the person's language. A code that has no words here keeps the server's plain sentence. */
export function errorText(code: string, message: string, words: Words): string {
  const texts: Readonly<Record<string, string | undefined>> = words.error;
  return texts[code] ?? (message === '' ? words.error.unknown : message);
}

export function thrownText(thrown: unknown, words: Words): string {
  return thrown instanceof ApiError ? errorText(thrown.code, thrown.message, words) : words.error.unknown;
}
