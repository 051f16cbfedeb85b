/*
 * The parts that every screen of a signed-in person has: sign-in, the connection, notices, the person's preferences and account. Entry
 * points: `Shell` is the state, `Frame` shows it and puts the screen inside. model/ has the rules, plain TypeScript without a
 * browser; state/ makes them reactive; view/ only shows them. This package knows no conversation and no screen.
 */
export { thrownText } from './i18n/errors';
export { useShell } from './state/context';
export { Shell, type Inside, type Stage } from './state/shell.svelte';
export { default as AccountMenu } from './view/AccountMenu.svelte';
export { default as ConnectionBanner } from './view/ConnectionBanner.svelte';
export { default as ConnectionMenu } from './view/ConnectionMenu.svelte';
export { default as DisplayNameField } from './view/form/DisplayNameField.svelte';
export { default as NameField } from './view/form/NameField.svelte';
export { default as PasswordField } from './view/form/PasswordField.svelte';
export { default as Frame } from './view/Frame.svelte';
export { default as PasswordDialog } from './view/PasswordDialog.svelte';
