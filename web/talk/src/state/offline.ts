import { toOfflineCopy, worldOf, type OfflineCopy } from '../model/offline-copy';
import type { Talk } from './talk.svelte';

/** What this device may show while the server can't be reached. Null as long as nothing is known. */
export function offlineCopyOf({ world, hiding, threads }: Talk): string | null {
  return world === null ? null : toOfflineCopy(world, hiding.copied(threads.copied()));
}

/** Shows an offline copy, until the server answers with a snapshot. To be called before the conversations start. */
export function showOffline(talk: Talk, copy: OfflineCopy): void {
  talk.world = worldOf(copy);
  talk.hiding.show(copy);
  talk.threads.show(copy.threads);
}
