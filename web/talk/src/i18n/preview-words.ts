/* The words of previews of links. They come with what shows them. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  preview: (host: string) => `Preview of the page at ${host}`,
  remove: 'Remove the preview for everybody',
};

export type PreviewWords = Shape<typeof en>;

const zhCN: PreviewWords = {
  preview: (host) => `${host} 的网页预览`,
  remove: '为所有人移除预览',
};

export const previewWords: Readonly<Record<Locale, PreviewWords>> = { en, 'zh-CN': zhCN };
