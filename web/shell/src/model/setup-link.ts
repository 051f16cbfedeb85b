/** The set-up code of a link that the server printed, so that one click on the link is enough. */
export function setupCodeInHash(hash: string): string | null {
  return /^#setup=([\w-]+)$/.exec(hash)?.[1] ?? null;
}
