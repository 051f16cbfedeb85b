/* The views that the first sight does not need. They are one file of their own, fetched right after it. */
export { default as Beside } from './Beside.svelte';
export { default as Details } from './details/Details.svelte';
export { default as Dialogs } from './Dialogs.svelte';
export { ConnectionMenu } from '@encke/shell';
export { Keeping } from '@encke/talk/keeping';
export { Profiles } from '@encke/talk/profiles';
export { Noticing } from '../state/noticing.svelte';
export { Offline } from '../state/offline';
export { Sides } from '../state/sides.svelte';
export { default as SidePanes } from './sides/SidePanes.svelte';
export { default as Invitations } from './list/Invitations.svelte';
export { default as HeadButtons } from './list/HeadButtons.svelte';
export { ArchiveLine, ListPlaces } from '@encke/talk/choices';
