/* The words of reports. They come with what shows them. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  title: 'Report a message',
  lead: 'Those who keep order in the room see the message, your name and your reason. Of a direct conversation they are the owners of the site.',
  reason: 'What is wrong with it?',
  send: 'Report',
  sent: 'Thank you. The message was reported.',
  open: 'Reports',
  none: 'There is no open report.',
  by: (name: string, time: string) => `Reported by ${name}, ${time}`,
  noReason: 'No reason was given.',
  gone: 'The message is gone.',
  show: 'Show the message',
  resolve: 'Done',
  resolveOf: (name: string) => `The report by ${name} is done`,
  more: 'Show more',
};

export type ReportWords = Shape<typeof en>;

const zhCN: ReportWords = {
  title: '举报消息',
  lead: '群聊的管理者会看到这条消息、你的名字和理由；私聊消息由本站所有者处理。',
  reason: '这条消息有什么问题？',
  send: '举报',
  sent: '谢谢，消息已举报。',
  open: '举报',
  none: '没有待处理的举报。',
  by: (name, time) => `${name} 举报于 ${time}`,
  noReason: '没有说明理由。',
  gone: '消息已不存在。',
  show: '查看消息',
  resolve: '已处理',
  resolveOf: (name) => `将 ${name} 的举报标记为已处理`,
  more: '显示更多',
};

export const reportWords: Readonly<Record<Locale, ReportWords>> = { en, 'zh-CN': zhCN };
