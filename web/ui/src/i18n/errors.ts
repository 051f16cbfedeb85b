import type { CommonWords } from './en';

/** A refusal in the person's language. A code that has no words here keeps the server's plain sentence. */
export function errorText(code: string, message: string, words: Pick<CommonWords, 'error'>): string {
  const texts: Readonly<Record<string, string | undefined>> = words.error;
  return texts[code] ?? (message === '' ? words.error.unknown : message);
}
