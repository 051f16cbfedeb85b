import type { Talk } from './talk.svelte';

/** Gives the message that is being edited its new text. False if that was refused. */
export async function saveEdit(talk: Talk, text: string): Promise<boolean> {
  const { editing } = talk;
  if (editing === null) return false;
  const { conversation, seq } = editing;
  if (text.trim() !== editing.text) {
    const went = await talk.attempt(() => talk.client.api.edit(conversation, seq, text.trim()));
    if (!went) return false;
  }
  if (talk.editing === editing) talk.editing = null;
  return true;
}
