import { createContext } from 'svelte';
import type { Chat } from './chat.svelte';

/** `useChat` is the chat that a view stands in. */
export const [useChat, provideChat] = createContext<Chat>();
