/* Until when a ticket may be put aside. */
export type SnoozeChoice = 'hour' | 'afternoon' | 'tomorrow' | 'week';

export const snoozeChoices: readonly SnoozeChoice[] = ['hour', 'afternoon', 'tomorrow', 'week'];

const hourMs = 3_600_000;
const morning = 9;

export function snoozedUntil(choice: SnoozeChoice, now: number): number {
  if (choice === 'hour') return now + hourMs;
  if (choice === 'afternoon') return now + 4 * hourMs;
  const at = new Date(now);
  const days = choice === 'tomorrow' ? 1 : (8 - at.getDay()) % 7 || 7;
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + days, morning).getTime();
}
