/* The words of polls. They come with what shows them, after the first sight. */
import { formatOf, type Locale, type Shape } from '@encke/ui/plain';

const { number, plural } = formatOf('en');

const en = {
  title: 'New poll',
  question: 'Question',
  option: (at: number) => `Option ${number(at)}`,
  add: 'Add an option',
  remove: (at: number) => `Remove option ${number(at)}`,
  multiple: 'Several answers',
  multipleHint: 'Each person may choose more than one.',
  anonymous: 'Anonymous',
  anonymousHint: 'Everybody sees the counts, nobody sees who voted.',
  ends: 'Ends',
  endsIn: {
    never: 'When somebody closes it',
    hour: 'In 1 hour',
    day: 'In 1 day',
    week: 'In 1 week',
    at: 'At a time…',
  },
  at: 'End',
  create: 'Create poll',
  fault: {
    question: 'Write a question.',
    questionLong: 'The question is too long.',
    options: 'Write at least two options.',
    optionLong: 'An option is too long.',
    same: 'Two options are the same.',
    end: 'The end lies ahead, within a year.',
  },
  one: 'Choose one answer',
  several: 'Choose one or more answers',
  closed: 'Closed',
  isAnonymous: 'Anonymous',
  endsAt: (time: string) => `Ends ${time}`,
  voters: (count: number) =>
    count === 0
      ? 'No votes yet'
      : plural(count, { one: '1 person voted', other: `${number(count)} people voted` }),
  votes: (count: number, percent: number) =>
    `${plural(count, { one: '1 vote', other: `${number(count)} votes` })}, ${number(percent)} %`,
  who: 'Who voted',
  nobody: 'Nobody',
  more: 'Show more',
  close: 'Close poll',
  closeAsk: 'Nobody can vote or change a vote any more.',
  closeYes: 'Close it',
};

export type PollWords = Shape<typeof en>;

const zhNumber = formatOf('zh-CN').number;

const zhCN: PollWords = {
  title: '新投票',
  question: '问题',
  option: (at) => `选项 ${zhNumber(at)}`,
  add: '添加选项',
  remove: (at) => `移除选项 ${zhNumber(at)}`,
  multiple: '多选',
  multipleHint: '每个人可以选择多个选项。',
  anonymous: '匿名',
  anonymousHint: '所有人都能看到票数，没有人能看到谁投了票。',
  ends: '结束时间',
  endsIn: { never: '直到有人结束投票', hour: '1 小时后', day: '1 天后', week: '1 周后', at: '指定时间…' },
  at: '结束于',
  create: '发起投票',
  fault: {
    question: '请填写问题。',
    questionLong: '问题太长。',
    options: '请至少填写两个选项。',
    optionLong: '有选项太长。',
    same: '有两个选项相同。',
    end: '结束时间须在未来一年之内。',
  },
  one: '请选择一项',
  several: '可选择一项或多项',
  closed: '已结束',
  isAnonymous: '匿名',
  endsAt: (time) => `${time} 结束`,
  voters: (count) => (count === 0 ? '还没有人投票' : `${zhNumber(count)} 人已投票`),
  votes: (count, percent) => `${zhNumber(count)} 票，${zhNumber(percent)}%`,
  who: '谁投了票',
  nobody: '没有人',
  more: '显示更多',
  close: '结束投票',
  closeAsk: '结束后任何人都不能再投票或改票。',
  closeYes: '结束',
};

export const pollWords: Readonly<Record<Locale, PollWords>> = { en, 'zh-CN': zhCN };
