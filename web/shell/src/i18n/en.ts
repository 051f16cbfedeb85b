import { commonEn, formatOf, type Shape } from '@encke/ui/plain';

const { number } = formatOf('en');

/** The English words of the shell. Every other language has the same keys with the same parameters. */
export const en = {
  ...commonEn,

  signIn: {
    title: 'Sign in',
    password: 'Password',
    submit: 'Sign in',
    setupTitle: 'Set up this server',
    setupLead:
      'This site has no owner yet. Create the owner’s account; everything else can be changed later.',
    setupCode: 'Set-up code',
    setupCodeHint:
      'The server prints it when it starts. On its machine, “encke setup-code” prints a new one.',
    setupSubmit: 'Create the owner',
    guestTitle: 'Enter as a guest',
    guestLead: 'No account needed. Choose how others see you.',
    guestSubmit: 'Enter as a guest',
    asGuest: 'Enter as a guest instead',
    asMember: 'Sign in with an account',
    revoked: 'You have been signed out.',
    language: 'Language',
  },

  connection: {
    menu: 'Connection',
    transport: 'Transport',
    live: 'Connected',
    connecting: 'Connecting…',
    waiting: 'Connection lost',
    waitingSeconds: (seconds: number) => `Next try in ${number(seconds)} s`,
    offline: 'Offline',
    offlineLead: 'What you write now is sent as soon as you are back.',
    sharedLead: 'Another tab holds the connection for this one.',
    auto: 'Automatic',
    names: {
      websocket: 'WebSocket',
      sse: 'Server-sent events',
      ndjson: 'NDJSON stream',
      'long-poll': 'Long poll',
      iframe: 'Forever iframe',
      'short-poll': 'Short poll',
    },
  },

  account: {
    menu: (name: string) => `Account of ${name}`,
    language: 'Language',
    theme: 'Theme',
    themes: { system: 'Like the device', light: 'Light', dark: 'Dark' },
    keyboard: 'Keyboard',
    ctrlEnter: 'Ctrl+Enter sends',
    password: 'Change password',
    signOut: 'Sign out',
    signOutEverywhere: 'Sign out everywhere',
    signOutEverywhereSure: 'This ends all your sessions, on every device.',
    revokeTokens: 'Revoke my tokens, too',
    revokeTokensHint: 'Scripts that use them stop. Choose this if somebody else was signed in as you.',
  },

  /** Why the browser does not tell while no page is open. */
  push: {
    unsupported:
      'This browser can’t do that here. It needs an address with https; on an iPhone or iPad, add the site to the home screen first.',
    denied:
      'The browser does not let this site notify you. Allow it in the browser’s settings for this site.',
    closed: 'This site sends no notifications.',
    unreachable: 'The browser can’t reach its push service now. Try again later.',
  },

  password: {
    old: 'Current password',
    new: 'New password',
    done: 'The password is changed. Your other sessions have ended.',
  },
};

export type Words = Shape<typeof en>;
