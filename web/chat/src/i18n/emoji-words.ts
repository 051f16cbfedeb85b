/* The words of the site's own emoji, for its owners. They come with the settings. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  title: 'Emoji',
  lead: 'Small pictures with a name. Everybody writes them as :name: and reacts with them.',
  choose: 'Choose a picture',
  chosen: (file: string) => `Picture: ${file}`,
  name: 'Name',
  nameHint: '2 to 32 small letters, digits, _, + or -',
  add: 'Add emoji',
  added: (name: string) => `:${name}: is there.`,
  tooLarge: 'The picture is too large. A small one has at most 256 pixels on a side and 45 KiB.',
  remove: (name: string) => `Remove :${name}:`,
  removed: (name: string) => `:${name}: is removed. Where it was used, its name is shown.`,
  none: 'There is none yet.',
};

export type EmojiWords = Shape<typeof en>;

const zhCN: EmojiWords = {
  title: '表情',
  lead: '带名称的小图片。所有人都可以用 :名称: 书写，也可以用来回应消息。',
  choose: '选择图片',
  chosen: (file) => `图片：${file}`,
  name: '名称',
  nameHint: '2 到 32 个小写字母、数字或 _ + -',
  add: '添加表情',
  added: (name) => `已添加 :${name}:`,
  tooLarge: '图片太大。边长最多 256 像素，大小最多 45 KiB。',
  remove: (name) => `移除 :${name}:`,
  removed: (name) => `已移除 :${name}:，使用过的地方会显示它的名称。`,
  none: '还没有。',
};

export const emojiWords: Readonly<Record<Locale, EmojiWords>> = { en, 'zh-CN': zhCN };
