export { calledOf, mentionedName } from './i18n/describe';
export { counterpart, nameOf, neighbour, titleOf } from './model/directory';
export { totalUnread } from './model/unread';
export { type World } from './model/world';
export { provideTalk, useTalk } from './state/context';
export { type SearchFilter } from './model/search';
export { type TalkOptions } from './state/options';
export { Talk } from './state/talk.svelte';
