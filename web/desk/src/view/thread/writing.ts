import { tick } from 'svelte';
import type { OpenTicket } from '../../state/open-ticket.svelte';

/** Begins to write: an answer to the visitor, or a note for the staff. */
export async function writes(open: OpenTicket, mode: 'reply' | 'note'): Promise<void> {
  open.mode = mode;
  await tick();
  const field = mode === 'note' ? '[data-note]' : '[data-composer]';
  document.querySelector<HTMLElement>(field)?.focus({ preventScroll: true });
}
