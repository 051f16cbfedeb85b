import { createContext } from 'svelte';
import type { Shell } from './shell.svelte';

/** `useShell` returns the shell around a view. */
export const [useShell, provideShell] = createContext<Shell>();
