import { createContext } from 'svelte';
import type { DeskScreen } from './screen.svelte';

export const [useScreen, provideScreen] = createContext<DeskScreen>();
