import type { DeskScreen } from '../../state/screen.svelte';

/** Resolves the open ticket, or opens it again. Resolving can be undone for a while. */
export async function toggleResolved(screen: DeskScreen): Promise<void> {
  const { ticket: open, shell, words } = screen;
  if (open === null || open.ticket === null) return;
  if (open.ticket.state !== 'open') {
    await open.change({ state: 'open' });
    return;
  }
  if (!(await open.change({ state: 'resolved' }))) return;
  const drop = shell.notices.offer(words.ticket.resolvedNow, {
    label: words.ticket.undo,
    run: () => {
      drop();
      void open.change({ state: 'open' });
    },
  });
  setTimeout(drop, undoMs);
}

const undoMs = 8_000;
