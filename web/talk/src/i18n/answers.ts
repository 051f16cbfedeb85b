/* The words of threads. They come with what shows threads, not with the first sight. */
import { formatOf, type Locale, type Shape } from '@encke/ui/plain';

const plural = formatOf('en').plural;

export const answersEn = {
  title: 'Thread',
  inRoom: (title: string) => `in ${title}`,
  reply: 'Reply in thread',
  answers: (count: number) => `${count} ${plural(count, { one: 'reply', other: 'replies' })}`,
  last: (when: string) => `last ${when}`,
  open: (answers: string) => `Open the thread: ${answers}`,
  close: 'Close the thread',
  follow: 'Follow this thread',
  following: 'You follow this thread',
  unfollow: 'Stop following this thread',
  recalled: 'This message was recalled.',
  none: 'No replies yet. The first one begins the thread.',
  list: 'Threads',
  listUnread: (count: number) => `Threads, ${count} unread`,
  closeList: 'Close the threads',
  listEmpty: 'You follow no threads yet.',
  listEmptyLead: 'A thread keeps the replies to one message together. Choose “Reply in thread” at a message.',
  more: 'Older threads',
  failed: 'The threads could not be loaded.',
};

export type AnswersWords = Shape<typeof answersEn>;

export const answersZhCN: AnswersWords = {
  title: '话题',
  inRoom: (title) => `来自 ${title}`,
  reply: '在话题中回复',
  answers: (count) => `${count} 条回复`,
  last: (when) => `最近 ${when}`,
  open: (answers) => `打开话题：${answers}`,
  close: '关闭话题',
  follow: '关注此话题',
  following: '你已关注此话题',
  unfollow: '取消关注此话题',
  recalled: '这条消息已撤回。',
  none: '还没有回复，第一条回复会开启话题。',
  list: '话题',
  listUnread: (count) => `话题，${count} 个未读`,
  closeList: '关闭话题列表',
  listEmpty: '你还没有关注任何话题。',
  listEmptyLead: '话题把对一条消息的回复放在一起。在消息菜单中选择“在话题中回复”。',
  more: '更早的话题',
  failed: '话题加载失败。',
};

export const answersWordsIn: Readonly<Record<Locale, AnswersWords>> = { en: answersEn, 'zh-CN': answersZhCN };
