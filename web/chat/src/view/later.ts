/* The views that the first sight does not need. They are one file of their own, fetched right after it. */
export { default as Details } from './details/Details.svelte';
export { default as CreateDialog } from './dialog/CreateDialog.svelte';
export { PasswordDialog } from '@encke/shell';
export { default as SettingsDialog } from './dialog/SettingsDialog.svelte';
export { default as KeysHelp } from './dialog/KeysHelp.svelte';
export { default as NoticingDialog } from './dialog/NoticingDialog.svelte';
export { Noticing } from '../state/noticing.svelte';
export { default as Palette } from './palette/Palette.svelte';
