import { createContext } from 'svelte';
import type { Shell } from './shell.svelte';

/** `useShell` is the shell that a view stands in. */
export const [useShell, provideShell] = createContext<Shell>();
