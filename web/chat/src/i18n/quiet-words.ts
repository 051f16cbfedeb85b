/* The words of quiet hours. They come with what shows them, after the first sight. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  title: 'Do not disturb',
  lead: 'No sound and no notification, on all your devices. Unread messages count all the same.',
  pause: 'Pause notifications',
  hour: 'For 1 hour',
  tomorrow: 'Until tomorrow',
  paused: (time: string) => `Paused until ${time}`,
  resume: 'Resume',
  hours: 'Quiet hours',
  from: 'From',
  to: 'To',
  days: 'Days on which they begin',
  zone: (zone: string) => `Time zone: ${zone}`,
  here: (zone: string) => `Use ${zone}`,
};

export type QuietWords = Shape<typeof en>;

const zhCN: QuietWords = {
  title: '勿扰',
  lead: '所有设备都不响铃、不弹出通知，未读数照常计算。',
  pause: '暂停通知',
  hour: '1 小时',
  tomorrow: '到明天',
  paused: (time) => `已暂停至 ${time}`,
  resume: '恢复通知',
  hours: '勿扰时段',
  from: '开始',
  to: '结束',
  days: '从哪几天开始',
  zone: (zone) => `时区：${zone}`,
  here: (zone) => `改用 ${zone}`,
};

export const quietWords: Readonly<Record<Locale, QuietWords>> = { en, 'zh-CN': zhCN };
