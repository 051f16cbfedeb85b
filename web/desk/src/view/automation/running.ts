import type { DeskMacro } from '@encke/sdk/desk';
import type { DeskScreen } from '../../state/screen.svelte';

/** Runs a macro on the open ticket, and says so. */
export async function runMacro(screen: DeskScreen, { id, name }: DeskMacro): Promise<void> {
  const key = crypto.randomUUID();
  const went = await screen.ticket?.act((ticket) => screen.automation.runMacro(ticket, id, key));
  if (went === true) screen.shell.notices.show(screen.words.automation.macros.done(name));
}
