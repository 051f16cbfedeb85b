/** Which conversation is on screen, kept in the address so that reload and the browser's Back do what one expects. */
export function conversationInHash(hash: string): string | null {
  return /^#\/([\w-]+)$/.exec(hash)?.[1] ?? null;
}

export function hashOf(conversation: string | null): string {
  return conversation === null ? '#/' : `#/${conversation}`;
}

/** The set-up code of a link that the server printed: one click on it is enough. */
export function setupCodeInHash(hash: string): string | null {
  return /^#setup=([\w-]+)$/.exec(hash)?.[1] ?? null;
}
