/* Hiding a message from oneself, with its words: fetched when somebody does it. */
import type { Locale } from '@encke/ui/plain';
import type { Talk } from '../state/talk.svelte';
import { focusComposer } from './focus';

/** The time in which it is offered to show the message again. */
export const showAgainMs = 5_000;

const words: Readonly<Record<Locale, { hidden: string; undo: string }>> = {
  en: { hidden: 'Deleted for you. Others still see it.', undo: 'Undo' },
  'zh-CN': { hidden: '已为你删除，其他人仍可看到。', undo: '撤销' },
};

export async function hide(talk: Talk, conversation: string, seq: number): Promise<void> {
  const { api } = talk.client;
  const set = (on: boolean) => (): Promise<void> => api.hide(conversation, seq, on);
  if (!(await talk.attempt(set(true)))) return;
  const { hidden, undo } = words[talk.language];
  const run = (): void => {
    end();
    void talk.attempt(set(false));
  };
  const endOffer = talk.options.offer(hidden, { label: undo, run });
  const end = (): void => {
    endOffer();
    if (talk.hiding.undo === run) talk.hiding.undo = null;
  };
  talk.hiding.undo = run;
  // The row that had the focus is gone.
  focusComposer();
  setTimeout(end, showAgainMs);
}
