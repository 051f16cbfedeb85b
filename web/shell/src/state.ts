export { thrownText } from './i18n/errors';
export { useShell } from './state/context';
export { Shell, type Inside, type Stage } from './state/shell.svelte';
