/* The words of mails about missed messages. They come with the dialog that has them. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  title: 'E-mail about missed messages',
  lead: 'Direct messages and mentions that you have read on no device.',
  address: 'E-mail address',
  every: 'Tell me',
  choices: {
    never: 'never',
    soon: (minutes: number) => `after ${minutes} min unread`,
    hour: 'after an hour unread',
    day: 'once a day',
  },
  save: 'Save',
  forget: 'Delete the address',
  saved: 'Saved.',
  asked: (address: string) =>
    `A link was sent to ${address}. Open it within a day; nothing else is sent before.`,
  waiting: 'Not confirmed yet. Save again to get another link.',
  confirmed: 'This address is confirmed.',
};

export type MailWords = Shape<typeof en>;

const zhCN: MailWords = {
  title: '未读消息邮件提醒',
  lead: '通知你在任何设备上都还没读过的私聊和提及。',
  address: '邮箱地址',
  every: '提醒时间',
  choices: {
    never: '从不',
    soon: (minutes) => `未读 ${minutes} 分钟后`,
    hour: '未读 1 小时后',
    day: '每天一次',
  },
  save: '保存',
  forget: '删除地址',
  saved: '已保存。',
  asked: (address) => `确认链接已发送至 ${address}，请在一天内打开；确认之前不会发送其他邮件。`,
  waiting: '尚未确认，再次保存即可重新获取链接。',
  confirmed: '此地址已确认。',
};

export const mailWords: Readonly<Record<Locale, MailWords>> = { en, 'zh-CN': zhCN };
