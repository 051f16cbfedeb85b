/* What shows files in messages: a file of its own, fetched when the first message with files is on the screen. */
export { default as FileCard } from './FileCard.svelte';
export { default as Picture } from './Picture.svelte';
export { default as Played } from './Played.svelte';
