import type { mailEn } from './mail.en';

/** The Chinese words about mails of a ticket. */
export const mailZhCN: typeof mailEn = {
  mail: {
    title: '邮箱',
    unconfirmed: '尚未确认：访客打开邮件中的链接后才会发送回复。',
    confirmed: '已确认。访客离开期间，回复会发送到该邮箱。',
    waiting: '有回复等待发送。',
    sent: (when) => `回复已于 ${when} 通过邮件发送。`,
    refused: '上一封邮件发送失败：邮件服务器拒收。',
    unreachable: '上一封邮件发送失败：无法连接邮件服务器。',
  },
};
