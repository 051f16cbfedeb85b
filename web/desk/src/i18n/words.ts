import { Vocabulary } from '@encke/ui/plain';
import type { Words } from './en';

export type { Words };

export const vocabulary = new Vocabulary<Words>({
  en: async () => (await import('./en')).en,
  'zh-CN': async () => (await import('./zh-CN')).zhCN,
});
