import { createContext } from 'svelte';
import type { Talk } from './talk.svelte';

/**
 * `provideTalk` is called by the view that a screen shows to somebody who is signed in. All views of conversations stand
 * inside it and find the state by `useTalk`.
 */
export const [useTalk, provideTalk] = createContext<Talk>();
