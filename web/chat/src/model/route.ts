/** The conversation on screen stands in the address, so that reload and the browser's Back do what one expects. */

/** What an address names: a conversation, or an event in one. */
export interface Place {
  readonly conversation: string | null;
  readonly seq: number | null;
}

export function placeInHash(hash: string): Place {
  const [, conversation = null, seq] = /^#\/([\w-]+)(?:\/(\d{1,15}))?$/.exec(hash) ?? [];
  return { conversation, seq: seq === undefined ? null : Number(seq) };
}

export function hashOf(conversation: string | null, seq?: number): string {
  if (conversation === null) return '#/';
  return seq === undefined ? `#/${conversation}` : `#/${conversation}/${seq}`;
}
