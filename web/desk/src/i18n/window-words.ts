/* The words for what the staff does with the visitor's window. They come with what shows them. */
import type { Shape, Locale } from '@encke/ui/plain';

const en = {
  typing: 'The visitor is typing, not sent yet:',

  card: 'Card',
  sendCard: 'Send a card',
  cardLead: 'Shows a product or an order to the visitor.',
  cardTitle: 'Title',
  about: 'One line about it',
  price: 'Price',
  reference: 'Number or reference',
  url: 'Link, with https://',
  withPicture: 'With the picture of the last card',
  send: 'Send',

  invite: 'Invite to talk',
  inviteTo: (name: string) => `Invite ${name} to talk`,
  inviteLead: 'It appears beside the button on the visitor’s page.',
  first: 'First message',
  firstExample: 'Hello! May I help you?',
  invited: 'The invitation is on its way.',

  greetings: 'Greetings',
  greetingsLead:
    'Appear beside the button, once for each visitor. The line for your pages asks for them; copy it again after the first one.',
  page: 'Pages',
  pageHint: 'Such as /cart or /products/*; empty for all.',
  after: 'After seconds',
  greetingText: 'What it says',
  addGreeting: 'Add a greeting',
  removeGreeting: (at: number) => `Remove greeting ${at}`,
  greeting: (at: number) => `Greeting ${at}`,

  questions: 'Common questions',
  questionsLead: 'Buttons before the first message. Answers may use Markdown.',
  question: 'Question',
  answer: 'Answer',
  article: 'Number of the article, in place of an answer',
  addQuestion: 'Add a common question',
  removeQuestion: (at: number) => `Remove question ${at}`,
  commonQuestion: (at: number) => `Question ${at}`,
};

const zhCN: Shape<typeof en> = {
  typing: '访客正在输入（尚未发送）：',

  card: '卡片',
  sendCard: '发送卡片',
  cardLead: '向访客展示商品或订单。',
  cardTitle: '标题',
  about: '一句话说明',
  price: '价格',
  reference: '编号',
  url: '链接（https://）',
  withPicture: '附上最近一张卡片的图片',
  send: '发送',

  invite: '邀请对话',
  inviteTo: (name) => `邀请 ${name} 对话`,
  inviteLead: '会显示在访客页面的按钮旁。',
  first: '第一条消息',
  firstExample: '您好！需要帮忙吗？',
  invited: '邀请已发出。',

  greetings: '主动问候',
  greetingsLead: '显示在按钮旁，每位访客只显示一次。网页代码需包含对应属性；添加第一条后请重新复制。',
  page: '页面',
  pageHint: '例如 /cart 或 /products/*；留空表示所有页面。',
  after: '停留秒数',
  greetingText: '问候语',
  addGreeting: '添加问候',
  removeGreeting: (at) => `删除问候 ${at}`,
  greeting: (at) => `问候 ${at}`,

  questions: '常见问题',
  questionsLead: '在第一条消息之前显示为按钮。回答可用 Markdown。',
  question: '问题',
  answer: '回答',
  article: '文章编号（代替回答）',
  addQuestion: '添加常见问题',
  removeQuestion: (at) => `删除问题 ${at}`,
  commonQuestion: (at) => `问题 ${at}`,
};

export const windowWords: Readonly<Record<Locale, Shape<typeof en>>> = { en, 'zh-CN': zhCN };
