/** The keys of the whole page. By `code`, not `key`: with Alt held down, a Mac's J key types another character. */
export type Shortcut = 'next' | 'previous' | 'search' | 'back';

export interface ShortcutPress {
  readonly key: string;
  readonly code: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
}

export function shortcutOf(press: ShortcutPress): Shortcut | null {
  if (press.isComposing || press.shiftKey) return null;
  const control = press.ctrlKey || press.metaKey;
  if (press.altKey && !control && press.code === 'KeyJ') return 'next';
  if (press.altKey && !control && press.code === 'KeyK') return 'previous';
  if (control && !press.altKey && press.code === 'KeyK') return 'search';
  if (press.key === 'Escape' && !control && !press.altKey) return 'back';
  return null;
}
