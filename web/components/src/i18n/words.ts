/* What the components say. Both languages travel with them: together they weigh less than asking for one. */
import { isLocale, pickLocale, type Locale, type Shape } from '@encke/ui/plain';
import { en } from './en';
import { zhCN } from './zh-CN';

export type Words = Shape<typeof en>;

export function wordsIn(locale: Locale): Words {
  return locale === 'zh-CN' ? zhCN : en;
}

/** The language of an element: its own `language`, else that of the page around it, else the browser's. */
export function localeOf(element: Element): Locale {
  const own = element.getAttribute('language');
  if (isLocale(own)) return own;
  const around = element.closest('[lang]')?.getAttribute('lang') ?? '';
  return pickLocale([own ?? '', around, ...navigator.languages].filter((tag) => tag !== ''));
}
