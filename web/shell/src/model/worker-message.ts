/** The address that the service worker wants this page to show; null if its message says something else. */
export function hashAsked(message: unknown): string | null {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'open')
    return null;
  return 'hash' in message && typeof message.hash === 'string' && message.hash.startsWith('#/')
    ? message.hash
    : null;
}
