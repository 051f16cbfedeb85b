export { calledOf } from './i18n/describe';
export { counterpart, found, nameOf, neighbour, titleOf } from './model/directory';
export { totalUnread, type World } from './model/world';
export { provideTalk, useTalk } from './state/context';
export { Talk, type TalkOptions } from './state/talk.svelte';
