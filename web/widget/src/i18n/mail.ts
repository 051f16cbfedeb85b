import type { Locale } from '@encke/ui/plain';

const en = {
  lead: 'Leave your e-mail address, and our answer also comes there while you are away.',
  address: 'E-mail address',
  leave: 'Send the answers there',
  notAnAddress: 'Please enter an e-mail address.',
  asked: (address: string) => `We have sent a link to ${address}. Open it, and answers come there.`,
  confirmed: (address: string) => `While you are away, answers come to ${address}.`,
  other: 'Another address',
  whole: 'Send me this conversation',
  sent: 'It is on its way.',
  tooMany: 'Too many mails were asked for. Try again tomorrow.',
  failed: 'That did not work. Try again later.',
};

type MailWords = typeof en;

const zhCN: MailWords = {
  lead: '留下您的邮箱，您离开期间我们的回复也会发送到该邮箱。',
  address: '邮箱地址',
  leave: '发送回复到此邮箱',
  notAnAddress: '请输入邮箱地址。',
  asked: (address) => `我们已向 ${address} 发送了一个链接，打开后即可通过邮箱收到回复。`,
  confirmed: (address) => `您离开期间，回复会发送到 ${address}。`,
  other: '更换邮箱',
  whole: '将对话发送给我',
  sent: '正在发送。',
  tooMany: '邮件请求过多，请明天再试。',
  failed: '操作失败，请稍后再试。',
};

/** The words about mails. They come with the form, which few visitors see. */
export function mailWords(locale: Locale): MailWords {
  return locale === 'zh-CN' ? zhCN : en;
}
