/* The words of conversations beside the open one. They come with what shows them. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  beside: (title: string) => `Beside: ${title}`,
  open: 'Open in the middle',
  close: (title: string) => `Close ${title}`,
};

const zhCN: Shape<typeof en> = {
  beside: (title) => `并排：${title}`,
  open: '在中间打开',
  close: (title) => `关闭 ${title}`,
};

export const sideWordsIn: Readonly<Record<Locale, Shape<typeof en>>> = { en, 'zh-CN': zhCN };
