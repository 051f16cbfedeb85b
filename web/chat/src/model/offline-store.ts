/*
 * Where the browser keeps the copy of a person's conversations for a time without the server. It is a cache, because browsers
 * offer that on the same addresses as the service worker that brings the page then: nothing is kept where no page would open.
 */
const cacheName = 'encke.offline';
const entry = 'copy';

/** The copy of this device; null if there is none. */
export async function readCopy(): Promise<string | null> {
  if (!('caches' in window)) return null;
  try {
    const stored = await (await caches.open(cacheName)).match(entry);
    return stored === undefined ? null : await stored.text();
  } catch {
    return null;
  }
}

/** Keeps a copy in the place of the one before. A browser that has no room for it keeps none. */
export async function keepCopy(json: string): Promise<void> {
  try {
    await (await caches.open(cacheName)).put(entry, new Response(json));
  } catch {
    forgetCopy();
  }
}

/** Removes the copy, because nobody is signed in here any more. */
export function forgetCopy(): void {
  if ('caches' in window) void caches.delete(cacheName).catch(() => undefined);
}
