/* The words for merging and splitting tickets. They come with what shows them. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  merge: 'Merge…',
  mergeTitle: 'Merge into another ticket',
  mergeLead:
    'This ticket ends. Its messages stay here, and what the visitor writes next comes in the other one. It can’t be undone.',
  which: 'Goes on in',
  submitMerge: 'Merge',
  mergedNow: 'Merged. It goes on here.',
  merged: 'Merged',
  goesOn: 'This ticket was merged: it goes on in another one.',
  open: 'Open it',

  split: 'Split…',
  splitTitle: 'Split off a ticket',
  splitLead: 'A further ticket of yours for what a message is about. The message stays where it is.',
  about: 'About',
  first: 'Your first message in it',
  firstExample: 'About your invoice: …',
  submitSplit: 'Open the ticket',
  noMessages: 'The visitor has written nothing here.',
  file: 'A file',

  mergedInto: (name: string) => `${name} merged this ticket into another one.`,
  mergedHere: (name: string) => `${name} merged another ticket into this one.`,
  splitOff: (name: string) => `${name} split off a ticket at a message.`,
  splitFrom: (name: string) => `${name} split this off another ticket.`,
  message: 'Show the message',

  readsOnly: 'You only read at this desk.',
};

type Words = Shape<typeof en>;

const zhCN: Words = {
  merge: '合并…',
  mergeTitle: '合并到另一工单',
  mergeLead: '本工单将结束，已有消息留在这里；访客之后的消息会进入另一工单。此操作无法撤销。',
  which: '合并到',
  submitMerge: '合并',
  mergedNow: '已合并，请在此继续。',
  merged: '已合并',
  goesOn: '本工单已合并，请到另一工单继续。',
  open: '打开',

  split: '拆分…',
  splitTitle: '拆分出新工单',
  splitLead: '为某条消息所说的事另开一个由您接待的工单，消息仍留在原处。',
  about: '关于',
  first: '您在新工单中的第一条消息',
  firstExample: '关于您的发票：…',
  submitSplit: '新开工单',
  noMessages: '访客在这里还没有写过消息。',
  file: '文件',

  mergedInto: (name) => `${name} 将本工单合并到了另一工单。`,
  mergedHere: (name) => `${name} 将另一工单合并到了本工单。`,
  splitOff: (name) => `${name} 从一条消息拆分出了新工单。`,
  splitFrom: (name) => `${name} 从另一工单拆分出了本工单。`,
  message: '查看该消息',

  readsOnly: '您在此客服台只能查看。',
};

export const mergeWords: Readonly<Record<Locale, Words>> = { en, 'zh-CN': zhCN };
