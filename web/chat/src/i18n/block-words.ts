/* The words of blocks. They come with what shows them, after the first sight. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  block: 'Block',
  unblock: 'Unblock',
  unblockOf: (name: string) => `Unblock ${name}`,
  sure: (name: string) =>
    `Block ${name}? Neither of you can write to the other then. They don’t see whether you are online, and can’t bring you into rooms. They are not told.`,
  none: 'You block nobody.',
};

export type BlockWords = Shape<typeof en>;

const zhCN: BlockWords = {
  block: '屏蔽',
  unblock: '解除屏蔽',
  unblockOf: (name) => `解除屏蔽：${name}`,
  sure: (name) =>
    `要屏蔽 ${name} 吗？屏蔽后双方都不能互发消息，对方看不到你是否在线，也不能把你拉进群聊。对方不会收到通知。`,
  none: '你没有屏蔽任何人。',
};

export const blockWords: Readonly<Record<Locale, BlockWords>> = { en, 'zh-CN': zhCN };
