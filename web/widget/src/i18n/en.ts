import type { Shape } from '@encke/ui/plain';

/** The English words of the widget. Every other language has the same keys with the same parameters. */
export const en = {
  title: 'Chat',
  close: 'Close',
  menu: 'Menu',
  messages: 'Messages',
  write: 'Write a message',
  writeFirst: 'What can we help you with?',
  send: 'Send',
  emoji: 'Emoji',
  attach: 'Attach a file',
  remove: 'Remove',
  you: 'You',
  desk: 'Support',

  greeting: 'Hello! How can we help you?',
  online: 'We are here',
  closed: 'We are closed. Write to us, and we will answer here.',
  opensAt: (when: string) => `Open again ${when}`,
  offline: 'We will answer here as soon as we are back.',
  missing: 'This support desk does not exist, or no longer does.',
  loading: 'Loading…',

  consent: 'To answer you, we keep what you write, the page you are on and your language. May we?',
  agree: 'Agree and continue',
  fill: 'Before you write',
  required: 'Please fill this in.',
  notAnAddress: 'Please enter an e-mail address.',

  place: (place: number) => (place === 1 ? 'You are next in line.' : `You are number ${place} in line.`),
  waiting: 'Your question has arrived. Somebody will be with you soon.',
  resolved: 'This question has been resolved.',
  goOn: 'Write here to continue it.',

  rate: 'How was our help?',
  stars: (count: number) => (count === 1 ? '1 star' : `${count} stars`),
  comment: 'Anything to add? (optional)',
  sendRating: 'Send rating',
  thanks: 'Thank you for your rating!',

  newQuestion: 'New question',
  earlier: 'Your questions',
  question: (when: string) => `Question of ${when}`,
  state: { open: 'open', snoozed: 'open', resolved: 'resolved' },
  soundOn: 'Turn sound on',
  soundOff: 'Turn sound off',
  otherLanguage: '简体中文',
  newest: 'To the newest message',

  typing: (names: string) => (names === '' ? 'Typing…' : `${names} is typing…`),
  edited: 'edited',
  recalled: 'This message was deleted.',
  answerTo: 'In answer to',
  sending: 'Sending…',
  sent: 'Sent',
  seen: 'Seen',
  failed: 'Not sent.',
  again: 'Try again',
  discard: 'Discard',
  unread: (count: number) => `${count} unread`,

  picture: (name: string) => `Picture: ${name}`,
  file: (name: string) => `File: ${name}`,
  noFile: 'The file can’t be opened.',
  uploading: (name: string) => `${name} is being uploaded`,
  tooMany: 'That is enough files for one message.',
  sendCard: 'Send',
  aboutCard: 'Ask about this',

  help: 'Help',
  searchHelp: 'Search for help',
  perhaps: 'Perhaps this helps:',
  helped: 'Did this help?',
  yes: 'Yes',
  noAsk: 'No, ask us',
  glad: 'Good to hear!',
  back: 'Back',
  seenTyping: 'Our team sees what you type.',

  waitingFor: 'No connection. What you write is kept and sent later.',

  /** Refusals by their code. */
  error: {
    network: 'The server can’t be reached.',
    timeout: 'The server did not answer in time.',
    not_found: 'That does not exist any more.',
    no_room: 'There is no room for files at the moment.',
    too_large: 'That is too large.',
    rate_limited: 'Too often. Wait a moment.',
    overloaded: 'The server is busy. Try again soon.',
    expired: 'It waited too long to be sent.',
    unknown: 'That did not work.',
  },
};

export type Words = Shape<typeof en>;
