import { Vocabulary } from '@encke/ui/plain';
import type { AutomationWords } from './automation.en';
import type { Words as FirstWords } from './en';
import type { mailEn } from './mail.en';
import type { PeopleWords } from './people.en';

export type Words = FirstWords & PeopleWords & typeof mailEn & { readonly automation: AutomationWords };

/** Each part is a file of its own, and none imports another: a bundler may put them into one chunk in any order. */
export const vocabulary = new Vocabulary<Words>({
  en: async () => {
    const [{ en }, { peopleEn }, { automationEn }, { mailEn }] = await Promise.all([
      import('./en'),
      import('./people.en'),
      import('./automation.en'),
      import('./mail.en'),
    ]);
    return { ...en, ...peopleEn, ...mailEn, automation: automationEn };
  },
  'zh-CN': async () => {
    const [{ zhCN }, { peopleZhCN }, { automationZhCN }, { mailZhCN }] = await Promise.all([
      import('./zh-CN'),
      import('./people.zh-CN'),
      import('./automation.zh-CN'),
      import('./mail.zh-CN'),
    ]);
    return { ...zhCN, ...peopleZhCN, ...mailZhCN, automation: automationZhCN };
  },
});
