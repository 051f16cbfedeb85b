/** The effect of a key in the composer. Input methods use Enter to choose a word, so while one is composing it never sends. */

export interface KeyPress {
  readonly key: string;
  readonly isComposing: boolean;
  /** 229 is what browsers report for a key that an input method took, also when `isComposing` is already over (Safari). */
  readonly keyCode: number;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export function sends(press: KeyPress, ctrlEnter: boolean): boolean {
  if (press.key !== 'Enter' || press.isComposing || press.keyCode === 229) return false;
  const withControl = press.ctrlKey || press.metaKey;
  if (ctrlEnter) return withControl && !press.shiftKey && !press.altKey;
  return !press.shiftKey && !press.altKey;
}

/** The server's limit on a message, in bytes of UTF-8. */
export const messageBytesMax = 16_384;

export function messageBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

export type Verdict = 'empty' | 'ok' | 'too_long';

export function judge(text: string): Verdict {
  if (text.trim() === '') return 'empty';
  return messageBytes(text.trim()) > messageBytesMax ? 'too_long' : 'ok';
}
