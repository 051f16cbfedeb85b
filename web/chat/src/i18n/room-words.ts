/* The words of what keeps order in rooms. They come with its views, after the first sight. */
import type { AuditEntry } from '@encke/sdk';
import { formatOf, type Locale, type Shape } from '@encke/ui/plain';

const { number, plural } = formatOf('en');

/** Who did something to whom, by name, and what else an entry of the audit trail says. */
export interface Told {
  readonly by: string;
  readonly whom: string;
  readonly until: string;
}

const roles = { owner: 'an owner', moderator: 'a moderator', member: 'a member' };

const en = {
  role: { owner: 'Owner', moderator: 'Moderator', member: 'Member' },
  edit: 'Edit title, topic and picture',
  editTopic: 'Edit the topic',
  topic: 'Topic',
  topicHint: 'What the room is about, on one line.',
  picture: {
    choose: 'Choose a picture…',
    remove: 'Remove the picture',
    hint: 'Everybody who is signed in may see it.',
    bad: 'This file is no picture that can be shown. Take a PNG, JPEG, GIF or WebP file.',
  },
  announcement: 'Announcement room',
  announcementHint: 'Only owners and moderators write. Everybody may react.',
  order: 'Keeping order',
  links: 'Invite links',
  reports: 'Reports',
  bans: 'Banned people',
  audit: 'Audit trail',
  makeModerator: 'Make moderator',
  mute: 'Mute in this room',
  muteFor: { 600: 'For 10 minutes', 3600: 'For 1 hour', 86400: 'For 1 day', 604800: 'For 1 week' },
  unmute: 'Unmute',
  muted: 'Muted',
  mutedUntil: (time: string) => `Muted until ${time}`,
  ban: 'Ban',
  banSure: (name: string) => `Ban ${name}? They are removed and can’t come back until the ban is lifted.`,
  unban: 'Lift the ban',
  unbanOf: (name: string) => `Lift the ban on ${name}`,
  bannedBy: (name: string, time: string) => `Banned by ${name}, ${time}`,
  noBans: 'Nobody is banned.',
  noAudit: 'Nothing was done yet.',
  more: 'Show more',
  shown: (count: number) => plural(count, { one: '1 is shown', other: `${number(count)} are shown` }),
  acts: {
    role_changed: ({ by, whom }: Told, role: 'owner' | 'moderator' | 'member') =>
      `${by} made ${whom} ${roles[role]}`,
    removed: ({ by, whom }: Told) => `${by} removed ${whom}`,
    banned: ({ by, whom }: Told) => `${by} banned ${whom}`,
    unbanned: ({ by, whom }: Told) => `${by} lifted the ban on ${whom}`,
    muted: ({ by, whom, until }: Told) => `${by} muted ${whom} until ${until}`,
    unmuted: ({ by, whom }: Told) => `${by} unmuted ${whom}`,
    renamed: ({ by }: Told) => `${by} changed the title`,
    picture_changed: ({ by }: Told) => `${by} changed the picture`,
    topic_changed: ({ by }: Told) => `${by} changed the topic`,
    opened: ({ by }: Told) => `${by} opened the room to everyone`,
    closed: ({ by }: Told) => `${by} closed the room to people without an invitation`,
    announcement_on: ({ by }: Told) => `${by} made this an announcement room`,
    announcement_off: ({ by }: Told) => `${by} let all members write again`,
    recalled: ({ by, whom }: Told) => `${by} recalled a message of ${whom}`,
    poll_closed: ({ by, whom }: Told) => `${by} closed a poll of ${whom}`,
    preview_removed: ({ by, whom }: Told) => `${by} removed the link preview from a message of ${whom}`,
    link_made: ({ by }: Told) => `${by} made an invite link`,
    link_revoked: ({ by }: Told) => `${by} revoked an invite link`,
  } satisfies Record<AuditEntry['act'], unknown>,
};

export type RoomWords = Shape<typeof en>;

const zhNumber = formatOf('zh-CN').number;
const zhRoles = { owner: '群主', moderator: '管理员', member: '普通成员' };

const zhCN: RoomWords = {
  role: { owner: '群主', moderator: '管理员', member: '成员' },
  edit: '编辑名称、话题和头像',
  editTopic: '编辑话题',
  topic: '话题',
  topicHint: '用一行文字说明这个群聊的内容。',
  picture: {
    choose: '选择群头像…',
    remove: '移除群头像',
    hint: '所有已登录的人都能看到。',
    bad: '无法显示这个文件。请选择 PNG、JPEG、GIF 或 WebP 图片。',
  },
  announcement: '公告群',
  announcementHint: '只有群主和管理员可以发言，所有人都可以回应表情。',
  order: '管理',
  links: '邀请链接',
  reports: '举报',
  bans: '已封禁的人',
  audit: '管理记录',
  makeModerator: '设为管理员',
  mute: '禁言',
  muteFor: { 600: '10 分钟', 3600: '1 小时', 86400: '1 天', 604800: '1 周' },
  unmute: '解除禁言',
  muted: '已禁言',
  mutedUntil: (time) => `禁言至 ${time}`,
  ban: '封禁',
  banSure: (name) => `要封禁 ${name} 吗？此人会被移出群聊，解除封禁前无法再次加入。`,
  unban: '解除封禁',
  unbanOf: (name) => `解除封禁：${name}`,
  bannedBy: (name, time) => `由 ${name} 封禁，${time}`,
  noBans: '没有人被封禁。',
  noAudit: '还没有任何记录。',
  more: '显示更多',
  shown: (count) => `已显示 ${zhNumber(count)} 条`,
  acts: {
    role_changed: ({ by, whom }, role) => `${by} 将 ${whom} 设为${zhRoles[role]}`,
    removed: ({ by, whom }) => `${by} 将 ${whom} 移出群聊`,
    banned: ({ by, whom }) => `${by} 封禁了 ${whom}`,
    unbanned: ({ by, whom }) => `${by} 解除了对 ${whom} 的封禁`,
    muted: ({ by, whom, until }) => `${by} 将 ${whom} 禁言至 ${until}`,
    unmuted: ({ by, whom }) => `${by} 解除了 ${whom} 的禁言`,
    renamed: ({ by }) => `${by} 修改了群聊名称`,
    picture_changed: ({ by }) => `${by} 修改了群头像`,
    topic_changed: ({ by }) => `${by} 修改了话题`,
    opened: ({ by }) => `${by} 将群聊设为公开`,
    closed: ({ by }) => `${by} 将群聊设为仅限邀请`,
    announcement_on: ({ by }) => `${by} 将群聊设为公告群`,
    announcement_off: ({ by }) => `${by} 恢复了全员发言`,
    recalled: ({ by, whom }) => `${by} 撤回了 ${whom} 的一条消息`,
    poll_closed: ({ by, whom }) => `${by} 结束了 ${whom} 的投票`,
    preview_removed: ({ by, whom }) => `${by} 移除了 ${whom} 一条消息的链接预览`,
    link_made: ({ by }) => `${by} 创建了邀请链接`,
    link_revoked: ({ by }) => `${by} 撤销了邀请链接`,
  },
};

export const roomWords: Readonly<Record<Locale, RoomWords>> = { en, 'zh-CN': zhCN };
