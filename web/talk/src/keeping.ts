/* What people keep for themselves. A screen loads it after the first sight, and puts it into `Talk.keeping`. */
export { Keeping } from './state/keeping.svelte';
export { default as KeepingParts } from './view/keeping/KeepingParts.svelte';
