import { Vocabulary } from '@encke/ui/plain';
import type { Words as FirstWords } from './en';
import type { PeopleWords } from './people.en';

export type Words = FirstWords & PeopleWords;

/** Each part is a file of its own, and none imports another: a bundler may put them into one chunk in any order. */
export const vocabulary = new Vocabulary<Words>({
  en: async () => {
    const [{ en }, { peopleEn }] = await Promise.all([import('./en'), import('./people.en')]);
    return { ...en, ...peopleEn };
  },
  'zh-CN': async () => {
    const [{ zhCN }, { peopleZhCN }] = await Promise.all([import('./zh-CN'), import('./people.zh-CN')]);
    return { ...zhCN, ...peopleZhCN };
  },
});
