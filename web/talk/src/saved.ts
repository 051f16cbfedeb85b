/* The pane of what a person keeps for itself. A screen loads it when it is opened. */
export { default as SavedPane } from './view/keeping/SavedPane.svelte';
