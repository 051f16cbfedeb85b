/** The question behind the command `/poll`; null if a text is not that command. */
export function questionIn(text: string): string | null {
  const found = /^\/poll(?:\s+([^]*))?$/u.exec(text.trim());
  return found === null ? null : (found[1] ?? '').trim();
}
