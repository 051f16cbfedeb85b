/* The words of forwarding. They come with its dialog, not with the first sight. */
import { formatOf, type Locale, type Shape } from '@encke/ui/plain';

const { plural, number } = formatOf('en');

export const forwardEn = {
  title: 'Forward',
  find: 'A conversation or a person',
  places: 'Where to',
  chosen: 'Chosen',
  remove: (name: string) => `Not to ${name}`,
  from: (name: string) => `From ${name}`,
  none: 'Nothing found.',
  send: 'Forward',
  sendTo: (count: number) => `Forward (${number(count)})`,
  most: (count: number) => `At most ${number(count)} at once.`,
  done: (count: number) =>
    plural(count, {
      one: 'The message is forwarded.',
      other: `The message is forwarded to ${number(count)} conversations.`,
    }),
};

export type ForwardWords = Shape<typeof forwardEn>;

export const forwardZhCN: ForwardWords = {
  title: '转发',
  find: '会话或联系人',
  places: '转发到',
  chosen: '已选择',
  remove: (name) => `不转发给${name}`,
  from: (name) => `来自 ${name}`,
  none: '没有找到。',
  send: '转发',
  sendTo: (count) => `转发（${count}）`,
  most: (count) => `一次最多 ${count} 个。`,
  done: (count) => (count === 1 ? '消息已转发。' : `消息已转发到 ${count} 个会话。`),
};

export const forwardWordsIn: Readonly<Record<Locale, ForwardWords>> = {
  en: forwardEn,
  'zh-CN': forwardZhCN,
};
