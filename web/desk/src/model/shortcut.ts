/** The keys of the whole page. By `code`, not `key`: with Alt held down, a Mac's J key types another character. */
export type Shortcut = 'next' | 'previous' | 'resolve' | 'note' | 'reply' | 'macros' | 'help' | 'back';

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

const withAlt: Readonly<Record<string, Shortcut>> = {
  KeyJ: 'next',
  KeyK: 'previous',
  KeyE: 'resolve',
  KeyP: 'note',
  KeyL: 'reply',
  KeyM: 'macros',
};

export function shortcutOf(press: ShortcutPress): Shortcut | null {
  if (press.isComposing || press.ctrlKey || press.metaKey) return null;
  // It needs Shift on some layouts.
  if (!press.typing && !press.altKey && press.key === '?') return 'help';
  if (press.shiftKey) return null;
  if (press.altKey) return withAlt[press.code] ?? null;
  return press.key === 'Escape' ? 'back' : null;
}
