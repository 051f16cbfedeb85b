/* What a thread does not need at first sight. One file of its own, fetched right after it. */
export { attachingOf } from '../state/attaching.svelte';
export { act } from './act';
export { default as AttachButton } from './compose/AttachButton.svelte';
export { default as Posts } from './compose/Posts.svelte';
export { default as Tray } from './compose/Tray.svelte';
export { default as DropTarget } from './DropTarget.svelte';
export { default as PollDialog } from './poll/PollDialog.svelte';
export { default as SendLater } from './keeping/SendLater.svelte';
