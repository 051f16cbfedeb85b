import type { Locale } from '@encke/ui/plain';
import { en, type Words } from './en';
import { zhCN } from './zh-CN';

export type { Words };

export const wordsIn: Readonly<Record<Locale, Words>> = { en, 'zh-CN': zhCN };
