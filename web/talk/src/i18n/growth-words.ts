/* The words of messages that grow. They come with what shows them. */
import type { Locale, Shape } from '@encke/ui/plain';

const en = {
  writing: 'Writing…',
  stop: 'Stop',
  stopping: 'Stopping…',
  stopped: 'Stopped',
  broken: 'Broken off',
  brokenWhy: 'Nothing more was heard of whoever wrote it.',
};

export type GrowthWords = Shape<typeof en>;

const zhCN: GrowthWords = {
  writing: '正在输入…',
  stop: '停止',
  stopping: '正在停止…',
  stopped: '已停止',
  broken: '已中断',
  brokenWhy: '未再收到作者的后续内容。',
};

export const growthWords: Readonly<Record<Locale, GrowthWords>> = { en, 'zh-CN': zhCN };
