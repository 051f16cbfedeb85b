/* The words of what people keep for themselves. They come with it, not with the first sight. */
import type { Locale, Shape } from '@encke/ui/plain';

export const keepingEn = {
  title: 'Saved',
  close: 'Close',
  stars: 'Stars',
  scheduled: 'Scheduled',
  reminders: 'Reminders',
  more: 'Show more',
  loading: 'Loading…',
  failed: 'The list could not be loaded.',
  jump: 'Go to the message',
  recalled: 'A message that was recalled',
  hidden: 'A message that can’t be shown',

  star: 'Star',
  unstar: 'Take the star off',
  starred: 'Starred',
  noStars: 'Nothing starred yet',
  noStarsLead: 'Star a message from its menu, or with S, to find it here on all your devices.',

  sendLater: 'Send later',
  noScheduled: 'Nothing is waiting to be sent',
  noScheduledLead: 'Write a message, and choose a time beside the send button.',
  planned: (when: string) => `The message goes out: ${when}`,
  show: 'Show',
  sendNow: 'Send now',
  edit: 'Edit',
  cancel: 'Cancel',
  remove: 'Delete',
  editTitle: 'Scheduled message',
  text: 'Text',
  save: 'Save',
  notSent: 'Not sent',
  /** Why a message could not be sent, by the code of the refusal. */
  reasons: {
    muted: 'You were muted in this room at that time.',
    read_only: 'Only owners and moderators write in this room.',
    blocked: 'Nothing can be sent in this conversation.',
  },
  couldNotSend: 'A scheduled message could not be sent.',

  remind: 'Remind me',
  noReminders: 'No reminders',
  noRemindersLead: 'Ask to be reminded of a message from its menu, or with T.',
  willRemind: (when: string) => `You will be reminded: ${when}`,
  due: 'Reminder',
  dueMore: (count: number) => `and ${count} more`,
  snooze: 'Remind me again',
  dismiss: 'Done',
  putAway: 'Not now',

  times: { hour: 'In 1 hour', tomorrow: 'Tomorrow', monday: 'Monday' },
  choose: 'Choose date and time…',
  when: 'Date and time',
  set: 'Set',
  past: 'Choose a time that lies ahead, at most a year.',
};

export type KeepingWords = Shape<typeof keepingEn>;

export const keepingZhCN: KeepingWords = {
  title: '收藏与提醒',
  close: '关闭',
  stars: '收藏',
  scheduled: '定时发送',
  reminders: '提醒',
  more: '显示更多',
  loading: '正在加载…',
  failed: '列表加载失败。',
  jump: '查看消息',
  recalled: '消息已撤回',
  hidden: '无法显示的消息',

  star: '收藏',
  unstar: '取消收藏',
  starred: '已收藏',
  noStars: '还没有收藏',
  noStarsLead: '在消息菜单中选择“收藏”，或按 S 键，即可在所有设备上找到它。',

  sendLater: '定时发送',
  noScheduled: '没有待发送的消息',
  noScheduledLead: '写好消息后，在发送按钮旁选择时间。',
  planned: (when) => `消息将于 ${when} 发送`,
  show: '查看',
  sendNow: '立即发送',
  edit: '编辑',
  cancel: '取消',
  remove: '删除',
  editTitle: '定时消息',
  text: '内容',
  save: '保存',
  notSent: '未发送',
  reasons: {
    muted: '当时你在该房间被禁言。',
    read_only: '该房间仅房主和管理员可以发言。',
    blocked: '无法在此会话中发送消息。',
  },
  couldNotSend: '一条定时消息未能发送。',

  remind: '提醒我',
  noReminders: '没有提醒',
  noRemindersLead: '在消息菜单中选择“提醒我”，或按 T 键。',
  willRemind: (when) => `将于 ${when} 提醒你`,
  due: '提醒',
  dueMore: (count) => `另有 ${count} 条`,
  snooze: '稍后再提醒',
  dismiss: '完成',
  putAway: '暂不处理',

  times: { hour: '1 小时后', tomorrow: '明天', monday: '下周一' },
  choose: '选择日期和时间…',
  when: '日期和时间',
  set: '确定',
  past: '请选择一年之内的将来时间。',
};

export const keepingWordsIn: Readonly<Record<Locale, KeepingWords>> = {
  en: keepingEn,
  'zh-CN': keepingZhCN,
};
