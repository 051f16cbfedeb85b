/* Threads: the one beside a conversation, and the list of those that one follows. A screen loads them when they are opened. */
export { answersWordsIn } from './i18n/answers';
export { unreadThreads } from './model/answers';
export { default as AnswersPane } from './view/answers/AnswersPane.svelte';
export { default as ThreadList } from './view/answers/ThreadList.svelte';
