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
    bounced: '上一封邮件被退回：该地址无法收信。',
    byMail: '通过邮件咨询。发件地址未经验证。',
  },
  mailbox: {
    title: '邮箱',
    lead: '发往此地址的邮件会成为工单，您的回复会以邮件发回。',
    address: '收信地址',
    set: '开始收信',
    change: '更改地址',
    changed: '邮箱设置已保存。',
    none: '您的邮件服务器使用令牌把每封邮件交给 Encke。',
    made: (when) => `令牌生成于 ${when}。`,
    make: '生成令牌',
    rotate: '生成新令牌',
    rotateSure: '当前令牌会立即失效。在换上新令牌之前，邮件服务器会保留邮件。',
    shown: '请立即复制，之后不再显示。请保存在只有邮件服务器可以读取的文件中。',
    copy: '复制',
    copied: '令牌已复制。',
    line: '用于邮件服务器管道的命令：',
    end: '停止收信',
    endSure: '工单会保留。此后的邮件不再接收，邮件服务器会通知发件人。',
  },
};
