/* The audit trail of a room in plain words. */
import type { AuditEntry } from '@encke/sdk';
import type { RoomWords } from '../i18n/room-words';

export function auditLine(
  entry: AuditEntry,
  name: (person: string) => string,
  time: (at: number) => string,
  words: RoomWords,
): string {
  const told = {
    by: name(entry.by),
    whom: name(entry.person ?? ''),
    until: entry.until === undefined ? '' : time(entry.until),
  };
  if (entry.act === 'role_changed') return words.acts.role_changed(told, entry.role ?? 'member');
  return words.acts[entry.act](told);
}
