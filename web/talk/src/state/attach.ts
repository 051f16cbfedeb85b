/* Files of a conversation's next message. What uploads them is fetched with the first one. */
import { filesPerMessageMax } from '../model/files';
import type { Attaching } from './attaching.svelte';
import type { Talk } from './talk.svelte';

/** Puts files into the tray of a conversation. Their uploads begin at once. */
export async function attach(talk: Talk, conversation: string, files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  await talk.attempt(async () => {
    const attaching = await attachingIn(talk);
    if (!attaching.add(conversation, files)) talk.notify(talk.words.attach.tooMany(filesPerMessageMax));
  });
}

/** Sends what was recorded in a conversation, if it is still the open one. */
export async function sendVoice(
  talk: Talk,
  conversation: string,
  voice: File,
  durationMs: number,
): Promise<void> {
  await talk.attempt(async () => {
    const attaching = await attachingIn(talk);
    const isOpen = talk.openId === conversation || talk.beside?.thread === conversation;
    if (!isOpen || !attaching.add(conversation, [voice], { durationMs })) return;
    talk.send('', {}, conversation);
  });
}

async function attachingIn(talk: Talk): Promise<Attaching> {
  const { attachingOf } = await import('./attaching.svelte');
  talk.files.attaching ??= attachingOf(talk);
  return talk.files.attaching;
}
