/*
 * What any conversation does on a screen: the list by pages, the thread, the composer. Entry points: `Talk` is the state of
 * everything one person sees, `Thread` shows a conversation. model/ has the rules, plain TypeScript without a browser; state/
 * puts the client's events through them; view/ only shows the result. This package knows no screen and no sign-in: the screen
 * gives it a client, and decides which conversation is open and what stands above its thread.
 */
export { called, calledOf, saidLine } from './i18n/describe';
export { choicesOf, tells } from './model/choices';
export { counterpart, nameOf, neighbour, titleOf } from './model/directory';
export { presenceIn } from './model/presence';
export { statusOf } from './model/status';
export { loudUnread, totalMentions } from './model/unread';
export { keepsOrder, membersAfter } from './model/room';
export { withAsides } from './model/asides';
export { type Aside, type AsideRow, type Row } from './model/rows';
export { knowsAll, withRefreshed, type World } from './model/world';
export { provideTalk, useTalk } from './state/context';
export { type TalkOptions } from './state/options';
export { minute } from './state/now.svelte';
export { Talk } from './state/talk.svelte';
export { default as Announcer } from './view/Announcer.svelte';
export { default as ConversationItem } from './view/ConversationItem.svelte';
export { focusComposer } from './view/focus';
export { default as GuestBadge } from './view/GuestBadge.svelte';
export { default as Thread } from './view/Thread.svelte';
export { default as Pins } from './view/Pins.svelte';
