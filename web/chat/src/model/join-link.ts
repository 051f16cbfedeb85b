/* Invite links carry their secret behind the `#`, which no server and no log ever sees. */

/** The secret of an invite link in an address; null if there is none. */
export function joinSecretIn(hash: string): string | null {
  return /^#join=([\w-]{8,128})$/.exec(hash)?.[1] ?? null;
}

/** The address that is given to others. */
export function joinAddress(page: string, secret: string): string {
  return new URL(`#join=${secret}`, new URL('./', page)).href;
}
