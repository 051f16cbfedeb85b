/* The words of what people show of themselves. They come with what shows them, after the first sight. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  edit: 'Edit profile',
  card: 'Profile',
  picture: 'Choose a picture…',
  removePicture: 'Remove the picture',
  pictureHint: 'Everybody who is signed in may see it.',
  badPicture: 'This file is no picture that can be shown. Take a PNG, JPEG, GIF or WebP file.',
  status: 'Status',
  placeholder: 'What are you up to?',
  emoji: 'Emoji of the status',
  suggestions: 'Suggestions',
  suggested: {
    meeting: 'In a meeting',
    travel: 'On the way',
    sick: 'Out sick',
    holiday: 'On holiday',
    home: 'Working from home',
  },
  ends: 'Ends',
  end: {
    never: 'When I end it',
    half: 'In 30 minutes',
    hour: 'In 1 hour',
    hours: 'In 4 hours',
    today: 'Tonight at midnight',
    week: 'At the end of the week',
    choose: 'At a time…',
  },
  until: (time: string) => `until ${time}`,
  time: 'Date and time',
  past: 'Choose a time to come.',
  clear: 'Clear status',
  save: 'Save',
  saved: 'Saved.',
  write: 'Message',
};

export type ProfileWords = Shape<typeof en>;

const zhCN: ProfileWords = {
  edit: '编辑个人资料',
  card: '个人资料',
  picture: '选择头像…',
  removePicture: '移除头像',
  pictureHint: '所有已登录的人都能看到。',
  badPicture: '无法显示这个文件。请选择 PNG、JPEG、GIF 或 WebP 图片。',
  status: '状态',
  placeholder: '你在做什么？',
  emoji: '状态表情',
  suggestions: '建议',
  suggested: {
    meeting: '会议中',
    travel: '在路上',
    sick: '病假',
    holiday: '休假中',
    home: '在家办公',
  },
  ends: '结束时间',
  end: {
    never: '由我手动结束',
    half: '30 分钟后',
    hour: '1 小时后',
    hours: '4 小时后',
    today: '今晚 24:00',
    week: '本周结束时',
    choose: '指定时间…',
  },
  until: (time) => `至 ${time}`,
  time: '日期和时间',
  past: '请选择将来的时间。',
  clear: '清除状态',
  save: '保存',
  saved: '已保存。',
  write: '发消息',
};

export const profileWords: Readonly<Record<Locale, ProfileWords>> = { en, 'zh-CN': zhCN };
