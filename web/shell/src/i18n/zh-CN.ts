import { commonZhCN, formatOf, begin } from '@encke/ui/plain';
import type { Words } from './en';

const { number } = formatOf('zh-CN');

export const zhCN: Words = {
  ...commonZhCN,

  signIn: {
    title: '登录',
    password: '密码',
    submit: '登录',
    setupTitle: '初始化服务器',
    setupLead: '这个站点还没有所有者。请创建所有者账号，其他设置以后都可以修改。',
    setupCode: '初始化码',
    setupCodeHint: '服务器启动时会显示；也可在服务器上运行 encke setup-code 重新生成',
    setupSubmit: '创建所有者',
    guestTitle: '以访客身份进入',
    guestLead: '无需账号，起一个别人看得到的名字即可。',
    guestSubmit: '以访客身份进入',
    asGuest: '改为以访客身份进入',
    asMember: '使用账号登录',
    revoked: '你已退出登录。',
    language: '语言',
  },

  connection: {
    menu: '连接',
    transport: '传输方式',
    live: '已连接',
    connecting: '正在连接…',
    waiting: '连接已断开',
    waitingSeconds: (seconds) => `${number(seconds)} 秒后重试`,
    offline: '离线',
    offlineLead: '现在写的消息会在恢复连接后立即发送。',
    sharedLead: '此页面共用另一个标签页的连接。',
    auto: '自动',
    names: {
      websocket: 'WebSocket',
      sse: '服务器推送事件（SSE）',
      ndjson: 'NDJSON 流',
      'long-poll': '长轮询',
      iframe: '永久 iframe',
      'short-poll': '短轮询',
    },
  },

  account: {
    menu: (name) => `${begin(name)}的账号`,
    language: '语言',
    theme: '主题',
    themes: { system: '跟随系统', light: '浅色', dark: '深色' },
    keyboard: '键盘',
    ctrlEnter: 'Ctrl+Enter 发送',
    password: '修改密码',
    signOut: '退出登录',
    signOutEverywhere: '在所有设备上退出',
    signOutEverywhereSure: '这会结束你在所有设备上的登录。',
    revokeTokens: '同时吊销我的令牌',
    revokeTokensHint: '使用令牌的脚本会停止工作；如果别人曾以你的身份登录，请选择此项',
  },

  push: {
    unsupported:
      '此浏览器在这里无法接收通知。需要 https 地址；在 iPhone 或 iPad 上，请先把本站添加到主屏幕。',
    denied: '浏览器不允许本站发送通知。请在浏览器的网站设置中允许。',
    closed: '本站不发送通知。',
    unreachable: '浏览器现在无法连接推送服务，请稍后再试。',
  },

  password: {
    old: '当前密码',
    new: '新密码',
    done: '密码已修改，其他设备上的登录已结束。',
  },
};
