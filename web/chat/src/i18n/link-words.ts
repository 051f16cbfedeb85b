/* The words of invite links. They come with what shows them, after the first sight. */
import { formatOf, type Locale, type Shape } from '@encke/ui/plain';

const { number, plural } = formatOf('en');

const en = {
  made: 'The new link',
  once: 'Copy it now: it can’t be shown again.',
  copy: 'Copy link',
  copied: 'The link is copied.',
  expires: 'Good for',
  lasts: { 3600: '1 hour', 86400: '1 day', 604800: '7 days', 2592000: '30 days', 31536000: '1 year' },
  uses: 'For how many people',
  guests: 'Guests too',
  guestsHint: 'People without an account may come by this link.',
  make: 'Make a link',
  links: 'Good links',
  none: 'There is no link.',
  until: (time: string) => `Good until ${time}`,
  used: (used: number, uses: number) => `${number(used)} of ${number(uses)} used`,
  by: (name: string) => `Made by ${name}`,
  forGuests: 'Guests too',
  revoke: 'Revoke',
  revokeOf: (time: string) => `Revoke the link that is good until ${time}`,
  join: {
    title: 'Invitation to a room',
    members: (count: number) => plural(count, { one: '1 member', other: `${number(count)} members` }),
    join: 'Join the room',
    open: 'Open the room',
    already: 'You are in this room.',
    gone: 'This link is no longer good. Ask for a new one.',
  },
};

export type LinkWords = Shape<typeof en>;

const zhNumber = formatOf('zh-CN').number;

const zhCN: LinkWords = {
  made: '新链接',
  once: '请立即复制，链接不会再次显示。',
  copy: '复制链接',
  copied: '链接已复制。',
  expires: '有效期',
  lasts: { 3600: '1 小时', 86400: '1 天', 604800: '7 天', 2592000: '30 天', 31536000: '1 年' },
  uses: '可用人数',
  guests: '允许访客',
  guestsHint: '没有账号的人也可以通过此链接进入。',
  make: '创建链接',
  links: '有效的链接',
  none: '没有链接。',
  until: (time) => `有效期至 ${time}`,
  used: (used, uses) => `已使用 ${zhNumber(used)} / ${zhNumber(uses)} 次`,
  by: (name) => `由 ${name} 创建`,
  forGuests: '允许访客',
  revoke: '撤销',
  revokeOf: (time) => `撤销有效期至 ${time} 的链接`,
  join: {
    title: '群聊邀请',
    members: (count) => `${zhNumber(count)} 位成员`,
    join: '加入群聊',
    open: '打开群聊',
    already: '你已在此群聊中。',
    gone: '此链接已失效，请索取新的链接。',
  },
};

export const linkWords: Readonly<Record<Locale, LinkWords>> = { en, 'zh-CN': zhCN };
