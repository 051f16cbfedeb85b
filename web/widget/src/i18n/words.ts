import type { Locale } from '@encke/ui/plain';
import type { Words } from './en';

export type { Words } from './en';

/** The words of a language, which travel by themselves: a visitor loads one of them. */
export async function loadWords(locale: Locale): Promise<Words> {
  return locale === 'zh-CN' ? (await import('./zh-CN')).zhCN : (await import('./en')).en;
}

/** Why something was refused, in the visitor's language; a code that has no words here keeps the server's plain sentence. */
export function faultText({ error }: Words, { code, message }: { code: string; message: string }): string {
  const texts: Readonly<Record<string, string | undefined>> = error;
  return texts[code] ?? (message === '' ? error.unknown : message);
}
