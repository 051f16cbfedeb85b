export { thrownText } from './i18n/errors';
export { vocabulary } from './i18n/words';
export { useShell } from './state/context';
export { Shell, type Inside, type Screen, type Stage } from './state/shell.svelte';
export { hashAsked } from './model/worker-message';
