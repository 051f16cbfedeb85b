import { commonZhCN, formatOf, begin, end, amid } from '@encke/ui/plain';
import type { Words } from './en';

const format = formatOf('zh-CN');
const { number } = format;

export const zhCN: Words = {
  ...commonZhCN,

  you: '你',
  youObject: '你',
  everybody: '所有人',
  unknownConversation: '会话',
  guestName: (name) => `${name}（访客）`,

  preview: {
    unread: (count) => `${number(count)} 条未读`,
    mentions: (count) => `${number(count)} 条提到你`,
    draft: '草稿：',
    failed: '未发送：',
    self: '我：',
    by: (name) => `${name}：`,
    room: '群聊',
  },

  thread: {
    label: (title) => `${title} 的消息`,
    empty: '还没有消息',
    emptyLead: '打个招呼吧。',
    newLine: '新消息',
    mention: (count) => `下一条提到你的消息，${number(count)} 条未读`,
    noMention: '没有提到你的未读消息。',
    latest: '跳到最新消息',
    latestCount: (count) => `跳到最新消息，${number(count)} 条新消息`,
    earlier: '正在加载更早的消息…',
    later: '正在加载更晚的消息…',
    toDate: '跳到某一天',
    beginning: '这里是会话的开头',
    historyFailed: '消息加载失败。',
    typingOne: (name) => `${begin(name)}正在输入…`,
    typingMany: (names) => `${format.list(names)}正在输入…`,
    typing: '正在输入…',
    announce: (name, text) => `${name}：${text}`,
  },

  message: {
    menu: '对此消息的操作',
    copy: '复制文本',
    copied: '已复制。',
    react: '回应',
    reactWith: (emoji) => `用${emoji}回应`,
    reactions: '回应',
    reactedBy: (names, more) =>
      more > 0 ? `${names.join('、')} 等 ${number(names.length + more)} 人` : format.list(names),
    edit: '编辑',
    edited: '已编辑',
    editing: '正在编辑消息',
    saveEdit: '保存修改',
    cancelEdit: '不修改',
    history: '编辑记录',
    historyRefused: '无法查看编辑记录。',
    wording: '原文',
    pin: '置顶',
    unpin: '取消置顶',
    pinned: '已置顶',
    pins: '置顶消息',
    link: '复制链接',
    linkCopied: '链接已复制。',
    reply: '回复',
    replyingTo: (name) => `回复${end(name)}`,
    cancelReply: '取消回复',
    answers: (name) => `回复${end(name)}：`,
    original: '查看被回复的消息',
    quoteRecalled: '消息已撤回',
    quoteHidden: '无法显示的消息',
    recall: '撤回',
    recalling: '正在撤回消息。',
    undo: '取消撤回',
  },

  files: {
    count: (count) => `${number(count)} 个文件`,
    preview: {
      picture: (count) => (count === 1 ? '[图片]' : `[${number(count)} 张图片]`),
      video: (count) => (count === 1 ? '[视频]' : `[${number(count)} 个视频]`),
      sound: (count) => (count === 1 ? '[音频]' : `[${number(count)} 个音频]`),
      voice: (count) => (count === 1 ? '[语音]' : `[${number(count)} 条语音]`),
      other: (count, name) => (count === 1 ? `[文件] ${name}` : `[${number(count)} 个文件]`),
    },
  },

  date: {
    title: '跳到某一天',
    label: '日期',
    go: '跳转',
  },

  tick: {
    sending: '发送中',
    failed: '未发送',
    stored: '服务器已保存',
    delivered: '已送达',
    read: '已读',
    readBy: (count, all) => `${number(all)} 人中 ${number(count)} 人已读`,
    deliveredTo: (count, all) => `已送达 ${number(count)} / ${number(all)} 人`,
    readNames: (names) => `已读：${format.list(names)}`,
  },

  outgoing: {
    retry: '重新发送',
    discard: '放弃',
    failed: (reason) => `未发送。${reason}`,
    heldBack: '发送太快，超出站点限制，稍后会自动发出。',
  },

  composer: {
    complete: '建议',
    label: (title) => `发消息给 ${title}`,
    placeholder: '输入消息',
    send: '发送',
    hintEnter: 'Enter 发送，Shift+Enter 换行',
    hintCtrlEnter: 'Ctrl+Enter 发送，Enter 换行',
    tooLong: (bytes) => `超出 ${number(bytes)} 字节。`,
  },

  attach: {
    open: '添加文件',
    camera: '拍照',
    choose: '选择文件',
    tooMany: (most) => `一条消息最多包含 ${number(most)} 个文件。`,
  },

  voice: {
    record: '录制语音消息',
  },

  emoji: {
    open: '表情',
    title: '选择表情',
    search: '搜索表情',
    groups: '分类',
    none: '没有找到表情。',
    group: {
      recent: '最近使用',
      smileys: '笑脸',
      people: '人物',
      nature: '动物与自然',
      food: '食物与饮料',
      travel: '旅行与地点',
      activities: '活动',
      objects: '物品',
      symbols: '符号',
      flags: '旗帜',
    },
  },

  event: {
    createdDirect: '会话已开始',
    createdRoom: (who, title) => `${begin(who)}创建了群聊“${title}”`,
    createdByNobody: (title) => `群聊“${title}”已创建`,
    joined: (who) => `${begin(who)}加入了群聊`,
    invited: (by, who) => `${begin(by)}邀请了${end(who)}`,
    left: (who) => `${begin(who)}离开了群聊`,
    removed: (by, who) => `${begin(by)}移除了${end(who)}`,
    madeOwner: (by, who) => `${begin(by)}将${amid(who)}设为群主`,
    madeModerator: (by, who) => `${begin(by)}将${amid(who)}设为管理员`,
    madeMember: (by, who) => `${begin(by)}将${amid(who)}设为普通成员`,
    muted: (by, who) => `${begin(by)}将${amid(who)}禁言`,
    unmuted: (by, who) => `${begin(by)}解除了${amid(who)}的禁言`,
    renamed: (by, title) => `${begin(by)}将群聊改名为“${title}”`,
    opened: (by) => `${begin(by)}将群聊设为公开`,
    closed: (by) => `${begin(by)}将群聊设为仅限邀请`,
    topic: (by, topic) => `${begin(by)}${topic === '' ? '清除了话题' : `将话题设为“${topic}”`}`,
    announces: (by) => `${begin(by)}设置了仅群主和管理员可发言`,
    discusses: (by) => `${begin(by)}允许所有人发言`,
    recalled: (who) => `${begin(who)}的消息已撤回`,
    gone: '消息已撤回',
    unknown: '当前页面尚不支持的内容',
  },
};
