import { commonZhCN, formatOf, begin, end, amid } from '@encke/ui/plain';
import type { Words } from './en';

const { number } = formatOf('zh-CN');

export const zhCN: Words = {
  ...commonZhCN,

  list: {
    label: '会话',
    search: '搜索会话',
    none: '还没有会话',
    noneLead: '给某人发消息，或创建一个群聊。',
    noMatch: (query) => `没有名为“${query}”的会话`,
    create: '新建会话',
  },

  thread: {
    none: '选择一个会话',
    noneLead: '或新建一个。每条消息都会按顺序送达，不丢不重。',
    gone: '你不在此会话中。',
    details: '详情',
    members: (count) => `${number(count)} 位成员`,
    online: (count) => `${number(count)} 人在线`,
  },

  create: {
    title: '新建会话',
    person: '联系人',
    room: '群聊',
    browse: '公开群聊',
    findPeople: '查找联系人',
    findPlaceholder: '名字',
    people: '联系人',
    nobody: '没有找到任何人。',
    roomTitle: '群聊名称',
    members: '成员',
    remove: (name) => `移除${end(name)}`,
    open: '公开群聊',
    openHint: '所有有账号的人无需邀请即可加入。',
    createRoom: '创建群聊',
    join: '加入',
    joinRoom: (title) => `加入 ${title}`,
    openRoom: (title) => `打开 ${title}`,
    joined: '打开',
    noRooms: '目前没有公开群聊。',
    findRooms: '查找公开群聊',
    moreRooms: '更多群聊',
  },

  invitations: {
    label: '邀请',
    by: (name) => `${name} 邀请你加入`,
    accept: '接受',
    decline: '拒绝',
    sent: (name) => `已向 ${name} 发出邀请，对方接受后即可加入。`,
  },

  details: {
    title: '详情',
    members: '成员',
    owner: '群主',
    you: '我',
    invite: '邀请成员',
    rename: '改名',
    roomTitle: '群聊名称',
    open: '公开群聊',
    makeOwner: '设为群主',
    makeMember: '设为普通成员',
    remove: '移出群聊',
    actions: (name) => `对${amid(name)}的操作`,
    leave: '退出群聊',
    leaveSure: (title) => `要退出“${title}”吗？除非群聊是公开的，否则需要被邀请才能再次加入。`,
    removeSure: (name) => `要将${amid(name)}移出群聊吗？`,
    write: '发消息',
    name: '用户名',
    role: '身份',
  },

  settings: {
    title: '站点设置',
    site: '站点',
    siteName: '站点名称',
    guests: '允许访客进入',
    guestsHint: '知道地址的人无需账号即可聊天。',
    guestChannels: '游客可读的频道',
    guestChannelsHint: '名称之间用空格分隔；news:* 表示以 news: 开头的全部频道，* 表示所有频道。',
    saved: '已保存。',
    people: '人员',
    add: '添加人员',
    addSubmit: '添加',
    initialPassword: '初始密码',
    added: (name) => `${begin(name)}现在可以登录了。`,
    disable: (name) => `停用${end(name)}`,
    disableShort: '停用',
    disableSure: (name) => `要停用${amid(name)}的账号吗？其所有登录会立即结束。`,
    disabled: (name) => `${begin(name)}已停用。`,
  },
};
