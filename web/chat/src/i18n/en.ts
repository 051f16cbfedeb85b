import { commonEn, formatOf, type Shape } from '@encke/ui/plain';

const { number, plural } = formatOf('en');

/** The English words of the chat. Every other language has the same keys with the same parameters. */
export const en = {
  ...commonEn,

  list: {
    label: 'Conversations',
    search: 'Search conversations',
    none: 'No conversations yet',
    noneLead: 'Write to somebody or open a room.',
    noMatch: (query: string) => `Nothing is called “${query}”.`,
    unread: 'Unread',
    noUnread: 'Everything is read.',
    create: 'New conversation',
  },

  thread: {
    none: 'Choose a conversation',
    noneLead: 'Or start one. Every message arrives, in order, once.',
    gone: 'You are not in this conversation.',
    details: 'Details',
    members: (count: number) =>
      plural(count, { one: `${number(count)} member`, other: `${number(count)} members` }),
    online: (count: number) => `${number(count)} online`,
  },

  create: {
    title: 'New conversation',
    person: 'Person',
    room: 'Room',
    browse: 'Open rooms',
    findPeople: 'Find people',
    findPlaceholder: 'Name',
    people: 'People',
    nobody: 'Nobody found.',
    roomTitle: 'Room title',
    members: 'Members',
    remove: (name: string) => `Remove ${name}`,
    open: 'Open room',
    openHint: 'Everyone with an account may join without an invitation.',
    createRoom: 'Create room',
    join: 'Join',
    joinRoom: (title: string) => `Join ${title}`,
    openRoom: (title: string) => `Open ${title}`,
    joined: 'Open',
    noRooms: 'There are no open rooms.',
    findRooms: 'Find open rooms',
    moreRooms: 'More rooms',
  },

  invitations: {
    label: 'Invitations',
    by: (name: string) => `${name} invites you`,
    accept: 'Accept',
    acceptTo: (title: string) => `Accept the invitation to “${title}”`,
    decline: 'Decline',
    declineTo: (title: string) => `Decline the invitation to “${title}”`,
    sent: (name: string) => `${name} has been asked, and joins after accepting.`,
  },

  details: {
    title: 'Details',
    members: 'Members',
    owner: 'Owner',
    you: 'you',
    findMembers: 'Find members',
    invite: 'Invite people',
    rename: 'Rename',
    roomTitle: 'Room title',
    open: 'Open room',
    makeOwner: 'Make owner',
    makeMember: 'Make member',
    remove: 'Remove from the room',
    actions: (name: string) => `Actions for ${name}`,
    leave: 'Leave room',
    leaveSure: (title: string) =>
      `Leave “${title}”? To come back you need an invitation, unless the room is open.`,
    removeSure: (name: string) => `Remove ${name} from the room?`,
    write: 'Write a message',
    name: 'Name',
    role: 'Role',
  },

  settings: {
    title: 'Site settings',
    site: 'Site',
    siteName: 'Site name',
    guests: 'Guests may enter',
    guestsHint: 'Anyone who has the address can chat without an account.',
    guestChannels: 'Channels that guests may read',
    guestChannelsHint:
      'Names separated by spaces, such as news:* for all that begin with news:, or * for all.',
    saved: 'Saved.',
    people: 'People',
    add: 'Add a person',
    addSubmit: 'Add person',
    initialPassword: 'First password',
    added: (name: string) => `${name} can sign in now.`,
    disable: (name: string) => `Disable ${name}`,
    disableShort: 'Disable',
    disableSure: (name: string) => `Disable the account of ${name}? All its sessions end at once.`,
    disabled: (name: string) => `${name} is disabled.`,
  },
};

export type Words = Shape<typeof en>;
