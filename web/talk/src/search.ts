/* The search of messages. A screen loads it when it is opened. */
export { default as SearchPane } from './view/search/SearchPane.svelte';
