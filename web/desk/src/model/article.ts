/* Articles: which title is shown, which are found, and where everybody reads them. */
import type { ArticleContent, ArticleTitle, DeskText } from '@encke/sdk/desk';
import type { Locale } from '@encke/ui/plain';

export const articleBytesMax = 16 * 1024;
export const titleBytesMax = 200;

export const emptyArticle = (): ArticleContent => ({
  title: { en: '', 'zh-CN': '' },
  text: { en: '', 'zh-CN': '' },
  published: false,
});

/** The title in a language, or in the other one. */
export function titleIn(title: DeskText, language: Locale): string {
  const own = title[language].trim();
  return own === '' ? title[language === 'en' ? 'zh-CN' : 'en'].trim() : own;
}

/** What readers answered to "Did this help?", in each language in which somebody did. */
export function answersOf(helped: ArticleTitle['helped']): { tag: Locale; yes: number; no: number }[] {
  const tags: readonly Locale[] = ['en', 'zh-CN'];
  return tags.map((tag) => ({ tag, ...helped[tag] })).filter(({ yes, no }) => yes + no > 0);
}

/** Those that have each word of a search in a title. */
export function foundArticles(articles: readonly ArticleTitle[], query: string): readonly ArticleTitle[] {
  const words = query
    .toLocaleLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return articles.filter(({ title }) => {
    const all = `${title.en}\n${title['zh-CN']}`.toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Where everybody reads the articles of a desk, or one of them. */
export function helpAddress(origin: string, key: string, article?: number): string {
  return `${origin}/help/${key}${article === undefined ? '' : `/${article}`}`;
}
