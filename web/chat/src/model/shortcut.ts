/** The keys of the whole page. By `code`, not `key`: with Alt held down, a Mac's J key types another character. */
export type Shortcut =
  'next' | 'previous' | 'palette' | 'search' | 'help' | 'back' | 'undo' | 'mention' | 'find';

export interface ShortcutPress {
  readonly key: string;
  readonly code: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
  /** Whether letters are being typed somewhere. */
  readonly typing: boolean;
}

export function shortcutOf(press: ShortcutPress): Shortcut | null {
  if (press.isComposing) return null;
  const control = press.ctrlKey || press.metaKey;
  // Both need Shift on some layouts.
  if (!press.typing && !control && !press.altKey && press.key === '?') return 'help';
  if (!press.typing && !control && !press.altKey && press.key === '/') return 'search';
  if (control && press.shiftKey && !press.altKey && press.code === 'KeyF') return 'find';
  if (press.shiftKey) return null;
  if (control && !press.altKey && !press.typing && press.key === 'z') return 'undo';
  if (press.altKey && !control && press.code === 'KeyJ') return 'next';
  if (press.altKey && !control && press.code === 'KeyK') return 'previous';
  if (press.altKey && !control && press.code === 'KeyM') return 'mention';
  if (control && !press.altKey && press.code === 'KeyK') return 'palette';
  if (press.key === 'Escape' && !control && !press.altKey) return 'back';
  return null;
}
