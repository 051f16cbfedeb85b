import type { Shape } from './locale';

/** The English words that every screen needs. Every other language has the same keys with the same parameters. */
export const commonEn = {
  app: 'Encke',
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  back: 'Back',
  loading: 'Loading…',
  retry: 'Try again',
  search: 'Search',
  copy: 'Copy',
  copied: 'Copied',
  somebody: 'Former member',
  presence: { online: 'Online', away: 'Away', offline: 'Offline' },
  role: { owner: 'Owner', member: 'Member', guest: 'Guest', bot: 'Bot' },

  field: {
    name: 'Name',
    nameHint: 'Letters, digits, dot, dash and underscore.',
    displayName: 'Display name',
    displayNameHint: 'What others see; the name if left empty.',
    passwordHint: 'At least 8 characters.',
  },

  error: {
    network: 'The server can’t be reached.',
    timeout: 'The server did not answer in time.',
    wrong_password: 'The name or the password is wrong.',
    wrong_setup_code: 'This set-up code is not right.',
    not_signed_in: 'Please sign in again.',
    forbidden: 'You may not do that.',
    not_member: 'You are not a member of this conversation.',
    muted: 'You are muted in this room.',
    read_only: 'Only owners and moderators write here.',
    banned: 'You are banned from this room.',
    blocked: 'One of you has blocked the other.',
    not_found: 'That does not exist any more.',
    no_room: 'There is no room left for files. Delete some, or ask whoever runs the site.',
    name_taken: 'This name is taken, or looks like one that is.',
    bad_name: 'A name has no invisible characters, and none that turn the text around them.',
    already_set_up: 'This server already has an owner. Please sign in.',
    invalid: 'That is not valid.',
    too_large: 'That is too long.',
    rate_limited: 'Too often. Wait a moment.',
    too_many_channels: 'Too many channels are followed at once. Close another page.',
    overloaded: 'The server is busy. Try again soon.',
    misdirected: 'This address is not set up on the server.',
    draining: 'The server is restarting. Try again soon.',
    store_full: 'The server’s storage is full.',
    internal: 'Something went wrong on the server.',
    expired: 'It waited too long to be sent.',
    unknown: 'That did not work.',
  },
};

export type CommonWords = Shape<typeof commonEn>;
