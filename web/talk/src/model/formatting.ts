/* The keys of the composer that put Markdown around what is selected, or take it away. */

export interface Selected {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What is put in the place of which letters, and what is selected then. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
  readonly start: number;
  readonly end: number;
}

export interface FormatPress {
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
}

/** The mark that a key asks for; by `code`, which is the same on every layout. */
export function markOf(press: FormatPress): string | null {
  if (press.isComposing || press.altKey || !(press.ctrlKey || press.metaKey)) return null;
  if (press.shiftKey) return press.code === 'KeyX' ? '~~' : press.code === 'KeyC' ? '`' : null;
  return press.code === 'KeyB' ? '**' : press.code === 'KeyI' ? '_' : null;
}

/** Puts a mark on both sides of the selection; one that stands there goes. */
export function marked({ text, start, end }: Selected, mark: string): Edit {
  const inside = text.slice(start, end);
  const around =
    text.slice(start - mark.length, start) === mark && text.slice(end, end + mark.length) === mark;
  if (around) {
    const from = start - mark.length;
    return { from, to: end + mark.length, insert: inside, start: from, end: from + inside.length };
  }
  // A blank beside a mark would make it a letter.
  const begin = start + (inside.length - inside.trimStart().length);
  const body = inside.trim();
  const from = body === '' ? start : begin;
  return {
    from,
    to: from + body.length,
    insert: mark + body + mark,
    start: from + mark.length,
    end: from + mark.length + body.length,
  };
}
