/* Canned replies: what becomes of one when it is put into an answer. */

/** The names that stand in for the variables of a reply. */
export interface Named {
  readonly visitor: string;
  readonly agent: string;
}

/** The text with names in the places of `{{visitor}}` and `{{agent}}`. Other braces are text. */
export function filled(text: string, named: Named): string {
  return text.replace(/\{\{\s*(visitor|agent)\s*\}\}/g, (_, name: keyof Named) => named[name]);
}

/** Puts a text where the cursor of a field is, as if it had been typed: whoever follows the field is told. */
export function typeInto(field: HTMLTextAreaElement, text: string): void {
  field.focus({ preventScroll: true });
  field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
}
