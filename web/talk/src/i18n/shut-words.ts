/* The reasons for which somebody can't write in a conversation. They come when there is one. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  muted: (until: string) => `You are muted in this room until ${until}. You can still read.`,
  announcement: 'Only owners and moderators write here. You can read and react.',
  blocked: (name: string) => `You have blocked ${name}. Neither of you can write here.`,
  unblock: 'Unblock',
};

export type ShutWords = Shape<typeof en>;

const zhCN: ShutWords = {
  muted: (until) => `你在本群被禁言，至 ${until}。仍可阅读消息。`,
  announcement: '只有群主和管理员可以在这里发言，你可以阅读和回应表情。',
  blocked: (name) => `你已屏蔽 ${name}，双方都无法在这里发言。`,
  unblock: '解除屏蔽',
};

export const shutWords: Readonly<Record<Locale, ShutWords>> = { en, 'zh-CN': zhCN };
