/* A person's own settings of conversations. A screen loads them after the first sight. */
export { default as ArchiveLine } from './view/choices/ArchiveLine.svelte';
export { default as ConversationMenu } from './view/choices/ConversationMenu.svelte';
export { default as FolderDialog } from './view/choices/FolderDialog.svelte';
export { default as ListPlaces } from './view/choices/ListPlaces.svelte';
