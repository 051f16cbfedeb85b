import { commonEn, formatOf, type Shape } from '@encke/ui/plain';

const format = formatOf('en');
const { number } = format;

/** The English words of conversations. Every other language has the same keys with the same parameters. */
export const en = {
  ...commonEn,

  you: 'You',

  /** Not as the subject: “Mei invited you”. */
  youObject: 'you',

  everybody: 'all',
  unknownConversation: 'Conversation',
  guestName: (name: string) => `${name} (Guest)`,

  preview: {
    hidden: 'Deleted for you',
    unread: (count: number) => `${number(count)} unread`,
    mentions: (count: number) => (count === 1 ? 'mentions you' : `mentions you ${number(count)} times`),
    muted: 'muted',
    draft: 'Draft:',
    failed: 'Not sent:',
    self: 'You:',
    by: (name: string) => `${name}:`,
    room: 'Room',
    poll: '[Poll]',
  },

  thread: {
    label: (title: string) => `Messages in ${title}`,
    empty: 'Nothing written yet',
    emptyLead: 'Say hello.',
    newLine: 'New messages',
    mention: (count: number) => `Next mention of you, ${number(count)} unread`,
    noMention: 'No unread message mentions you.',
    latest: 'Jump to the latest message',
    latestCount: (count: number) => `Jump to the latest message, ${number(count)} new`,
    earlier: 'Loading earlier messages…',
    later: 'Loading later messages…',
    toDate: 'Jump to a date',
    beginning: 'This is the beginning.',
    historyFailed: 'The messages could not be loaded.',
    typingOne: (name: string) => `${name} is typing…`,
    typingMany: (names: readonly string[]) => `${format.list(names)} are typing…`,
    typing: 'typing…',
    announce: (name: string, text: string) => `${name}: ${text}`,
  },

  message: {
    menu: 'Actions for this message',
    copy: 'Copy text',
    copied: 'Copied.',
    react: 'React',
    reactWith: (emoji: string) => `React with ${emoji}`,
    reactions: 'Reactions',
    reactedBy: (names: readonly string[], more: number) =>
      more > 0 ? `${names.join(', ')} and ${number(more)} more` : format.list(names),
    edit: 'Edit',
    edited: 'edited',
    editing: 'Editing a message',
    saveEdit: 'Save the change',
    cancelEdit: 'Keep it as it was',
    history: 'Earlier texts',
    historyRefused: 'The earlier texts can’t be shown.',
    wording: 'Original',
    pin: 'Pin',
    unpin: 'Unpin',
    pinned: 'Pinned',
    pins: 'Pinned messages',
    link: 'Copy link',
    linkCopied: 'The link is copied.',
    reply: 'Reply',
    replyingTo: (name: string) => `Reply to ${name}`,
    cancelReply: 'Reply to nothing',
    answers: (name: string) => `Answers ${name}:`,
    original: 'Show what it answers',
    quoteRecalled: 'A message that was recalled',
    quoteHidden: 'A message that can’t be shown',
    forward: 'Forward',
    forwardedFrom: (name: string) => `Forwarded from ${name}`,
    hide: 'Delete for me',
    report: 'Report',
    recall: 'Recall',
    recalling: 'The message is being recalled.',
    undo: 'Undo',
  },

  files: {
    count: (count: number) => format.plural(count, { one: '1 file', other: `${number(count)} files` }),
    preview: {
      picture: (count: number) => (count === 1 ? '[Picture]' : `[${number(count)} pictures]`),
      video: (count: number) => (count === 1 ? '[Video]' : `[${number(count)} videos]`),
      sound: (count: number) => (count === 1 ? '[Sound]' : `[${number(count)} sounds]`),
      voice: (count: number) => (count === 1 ? '[Voice message]' : `[${number(count)} voice messages]`),
      other: (count: number, name: string) => (count === 1 ? `[File] ${name}` : `[${number(count)} files]`),
    },
  },

  date: {
    title: 'Jump to a date',
    label: 'Date',
    go: 'Jump',
  },

  tick: {
    sending: 'Sending',
    failed: 'Not sent',
    stored: 'Stored on the server',
    delivered: 'Delivered',
    read: 'Read',
    readBy: (count: number, all: number) => `Read by ${number(count)} of ${number(all)}`,
    deliveredTo: (count: number, all: number) => `Delivered to ${number(count)} of ${number(all)}`,
    readNames: (names: readonly string[]) => `Read: ${format.list(names)}`,
  },

  outgoing: {
    retry: 'Send again',
    discard: 'Discard',
    failed: (reason: string) => `Not sent. ${reason}`,
    heldBack: 'You send faster than the site allows. This goes out in a moment.',
  },

  composer: {
    complete: 'Suggestions',
    label: (title: string) => `Message to ${title}`,
    placeholder: 'Write a message',
    send: 'Send',
    hintEnter: 'Enter sends, Shift+Enter breaks the line',
    hintCtrlEnter: 'Ctrl+Enter sends, Enter breaks the line',
    tooLong: (bytes: number) => `Too long by ${number(bytes)} bytes.`,
  },

  attach: {
    open: 'Attach files',
    camera: 'Take a picture',
    choose: 'Choose files',
    poll: 'Poll',
    tooMany: (most: number) => `A message has at most ${number(most)} files.`,
  },

  voice: {
    record: 'Record a voice message',
  },

  emoji: {
    open: 'Emoji',
    title: 'Choose an emoji',
    search: 'Search emoji',
    groups: 'Groups',
    none: 'No emoji found.',
    group: {
      recent: 'Recently used',
      site: 'Of this site',
      smileys: 'Smileys',
      people: 'People',
      nature: 'Animals and nature',
      food: 'Food and drink',
      travel: 'Travel and places',
      activities: 'Activities',
      objects: 'Objects',
      symbols: 'Symbols',
      flags: 'Flags',
    },
  },

  event: {
    createdDirect: 'Conversation started',
    createdRoom: (who: string, title: string) => `${who} created the room “${title}”`,
    createdByNobody: (title: string) => `The room “${title}” was created`,
    joined: (who: string) => `${who} joined`,
    invited: (by: string, who: string) => `${by} invited ${who}`,
    left: (who: string) => `${who} left`,
    removed: (by: string, who: string) => `${by} removed ${who}`,
    madeOwner: (by: string, who: string) => `${by} made ${who} an owner`,
    madeModerator: (by: string, who: string) => `${by} made ${who} a moderator`,
    madeMember: (by: string, who: string) => `${by} made ${who} a member`,
    muted: (by: string, who: string) => `${by} muted ${who}`,
    unmuted: (by: string, who: string) => `${by} allowed ${who} to write again`,
    renamed: (by: string, title: string) => `${by} renamed the room to “${title}”`,
    opened: (by: string) => `${by} opened the room to everybody`,
    closed: (by: string) => `${by} made the room by invitation only`,
    topic: (by: string, topic: string) =>
      topic === '' ? `${by} took the topic away` : `${by} set the topic “${topic}”`,
    picture: (by: string, there: boolean) =>
      `${by} ${there ? 'gave the room a picture' : 'took the picture of the room away'}`,
    announces: (by: string) => `${by} allowed only owners and moderators to write`,
    discusses: (by: string) => `${by} allowed everybody to write`,
    recalled: (who: string) => `A message from ${who} was recalled`,
    gone: 'A message was recalled',
    unknown: 'Something this page does not know yet',
  },
};

export type Words = Shape<typeof en>;
