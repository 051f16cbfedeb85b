/* The words of a person's own settings of conversations. They come with what shows them, after the first sight. */
import { formatOf, type Locale, type Shape } from '@encke/ui/plain';

const { number } = formatOf('en');

const en = {
  menu: (title: string) => `Settings of “${title}” for you`,
  notify: 'Notify me of',
  notifyOf: { all: 'All messages', mentions: 'Mentions only', nothing: 'Nothing' },
  mute: 'Mute',
  muteFor: { hour: 'For 1 hour', hours: 'For 8 hours', tomorrow: 'Until tomorrow', always: 'Always' },
  unmute: 'Unmute',
  mutedUntil: (time: string) => `Muted until ${time}`,
  mutedAlways: 'Muted',
  beside: 'Open beside the other one',
  pin: 'Pin to the top',
  unpin: 'Unpin',
  archive: 'Archive',
  unarchive: 'Take out of the archive',
  move: 'Move to a folder…',
  places: 'Folders',
  all: 'All',
  archived: 'Archived',
  archivedCount: (count: number) => `${number(count)} archived`,
  leaveArchive: 'Back to all conversations',
  folder: {
    title: 'Move to a folder',
    none: 'No folder',
    new: 'New folder',
    name: 'Name of the folder',
    hint: 'Only you see your folders.',
    move: 'Move',
  },
};

export type ChoiceWords = Shape<typeof en>;

const zhNumber = formatOf('zh-CN').number;

const zhCN: ChoiceWords = {
  menu: (title) => `“${title}”的个人设置`,
  notify: '通知范围',
  notifyOf: { all: '所有消息', mentions: '仅提到我的', nothing: '不通知' },
  mute: '静音',
  muteFor: { hour: '1 小时', hours: '8 小时', tomorrow: '到明天', always: '一直' },
  unmute: '取消静音',
  mutedUntil: (time) => `静音至 ${time}`,
  mutedAlways: '已静音',
  beside: '并排打开',
  pin: '置顶',
  unpin: '取消置顶',
  archive: '归档',
  unarchive: '移出归档',
  move: '移到文件夹…',
  places: '文件夹',
  all: '全部',
  archived: '已归档',
  archivedCount: (count) => `已归档 ${zhNumber(count)} 个会话`,
  leaveArchive: '返回所有会话',
  folder: {
    title: '移到文件夹',
    none: '不放入文件夹',
    new: '新建文件夹',
    name: '文件夹名称',
    hint: '文件夹只有你自己能看到。',
    move: '移动',
  },
};

export const choiceWords: Readonly<Record<Locale, ChoiceWords>> = { en, 'zh-CN': zhCN };
