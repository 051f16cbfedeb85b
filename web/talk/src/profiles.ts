/* What people show of themselves. A screen loads it after the first sight, and keeps one `Profiles`. */
export { squarePicture } from './model/square-picture';
export { Profiles } from './state/profiles.svelte';
export { default as PersonStatus } from './view/profile/PersonStatus.svelte';
export { default as ProfileParts } from './view/profile/ProfileParts.svelte';
