import type { MessageFile } from '@encke/sdk';
import type { Attaching } from './attaching.svelte';

/** The state of a page's files: those that are being attached, those that were sent, the picture that is shown large. */
export class TalkFiles {
  /** Null until the first file is attached. */
  attaching: Attaching | null = $state.raw(null);
  /** The files that this page has uploaded, by their ids, for messages that are still on their way. */
  uploaded: ReadonlyMap<string, MessageFile> = $state.raw(new Map());
  /** The picture that is shown large. */
  large: { readonly conversation: string; readonly seq: number; readonly file: string } | null =
    $state.raw(null);

  /** Whether something would be lost if the page went away. */
  get busy(): boolean {
    return this.attaching?.busy === true;
  }
}
