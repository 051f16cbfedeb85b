/** What is not needed for the first sight, in one file of its own that is fetched right after it. */
export { default as Details } from './details/Details.svelte';
export { default as CreateDialog } from './dialog/CreateDialog.svelte';
export { default as PasswordDialog } from './dialog/PasswordDialog.svelte';
export { default as SettingsDialog } from './dialog/SettingsDialog.svelte';
