/*
 * When a conversation counts as read, and where the line "new messages" stands. Reading needs all three: the page is
 * visible, it has the focus, and the thread is scrolled to the newest. What comes while one of them is missing is new.
 */
export interface Attention {
  readonly visible: boolean;
  readonly focused: boolean;
  readonly atNewest: boolean;
}

export function isReading(attention: Attention): boolean {
  return attention.visible && attention.focused && attention.atNewest;
}

/** The mark to send now, or null: only forward, only while reading, nothing for an empty thread. */
export function markToSend(
  attention: Attention,
  headSeq: number,
  readSeq: number,
  seenSeq: number,
): number | null {
  if (!isReading(attention)) return null;
  return headSeq > readSeq && headSeq > seenSeq ? headSeq : null;
}

/** Where the line stands when a conversation is opened: after what was seen, if there is anything after it. */
export function lineOnOpening(seenSeq: number, unread: number): number | null {
  return unread > 0 ? seenSeq : null;
}

/** Where it stands when something new comes: it stays where it is; else it is drawn only if nobody was reading. */
export function lineOnNews(line: number | null, attention: Attention, seqBefore: number): number | null {
  if (line !== null || isReading(attention)) return line;
  return seqBefore;
}
