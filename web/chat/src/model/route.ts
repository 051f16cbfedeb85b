/** The conversation on screen stands in the address, so that reload and the browser's Back do what one expects. */
export function conversationInHash(hash: string): string | null {
  return /^#\/([\w-]+)$/.exec(hash)?.[1] ?? null;
}

export function hashOf(conversation: string | null): string {
  return conversation === null ? '#/' : `#/${conversation}`;
}
