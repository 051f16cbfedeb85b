/* What stands beside a conversation: a thread, the list of threads, another conversation. A screen loads it when it is needed. */
export { answersWordsIn } from './i18n/answers';
export { unreadThreads } from './model/answers';
export { default as AnswersPane } from './view/answers/AnswersPane.svelte';
export { default as Column } from './view/Column.svelte';
export { default as ThreadList } from './view/answers/ThreadList.svelte';
export { listensTo } from './view/listen';
