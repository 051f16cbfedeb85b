/* The words of the search. They come with it, not with the first sight. */
import type { Locale, Shape } from '@encke/ui/plain';

export const searchEn = {
  title: 'Search messages',
  placeholder: 'Words, or from:, in:, has:, is:, before:, after:',
  close: 'Close the search',
  filters: 'Filters',
  suggestions: 'Suggestions',
  kinds: { from: 'From', in: 'In', has: 'Has', is: 'Is', after: 'Since', before: 'Before' },
  what: { link: 'Link', file: 'File' },
  marked: { starred: 'Starred', pinned: 'Pinned' },
  remove: (filter: string) => `Remove the filter “${filter}”`,
  chip: (kind: string, value: string) => `${kind}: ${value}`,
  date: 'Date',
  apply: 'Apply',
  lead: 'Find what was said',
  leadMore: 'In all conversations that you are in. Chinese needs no spaces.',
  tooLittle: 'Type a word, or choose a person, links, files, stars or pins.',
  none: 'Nothing found.',
  noneLead: 'Try other words, or fewer filters.',
  found: 'Results',
  more: 'Search further',
  searching: 'Searching…',
  shown: (count: number) => (count === 1 ? '1 result is shown' : `${count} results are shown`),
  whole: 'That is all.',
};

export type SearchWords = Shape<typeof searchEn>;

export const searchZhCN: SearchWords = {
  title: '搜索消息',
  placeholder: '关键词，或 来自: 在: 包含: 是: 早于: 晚于:',
  close: '关闭搜索',
  filters: '筛选',
  suggestions: '建议',
  kinds: { from: '来自', in: '在', has: '包含', is: '是', after: '晚于', before: '早于' },
  what: { link: '链接', file: '文件' },
  marked: { starred: '已收藏', pinned: '已置顶' },
  remove: (filter) => `移除筛选“${filter}”`,
  chip: (kind, value) => `${kind}：${value}`,
  date: '日期',
  apply: '应用',
  lead: '搜索聊天记录',
  leadMore: '搜索你所在的所有会话，中文无需空格。',
  tooLittle: '请输入关键词，或选择发送者、链接、文件、收藏或置顶。',
  none: '没有找到消息。',
  noneLead: '换个关键词，或减少筛选条件。',
  found: '搜索结果',
  more: '继续搜索',
  searching: '正在搜索…',
  shown: (count) => `已显示 ${count} 条结果`,
  whole: '没有更多结果了。',
};

export const searchWordsIn: Readonly<Record<Locale, SearchWords>> = { en: searchEn, 'zh-CN': searchZhCN };
