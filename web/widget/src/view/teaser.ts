/* A greeting, or the beginning of a message, beside the button while the window is closed. */
import { h, iconButton } from '@encke/ui/elements';
import { rich } from './rich';
import type { Screen } from './screen';

const lettersMax = 160;

export interface Teaser {
  /** Empty for the desk. */
  readonly from: string;
  readonly text: string;
}

export function teaserView(
  { from, text }: Teaser,
  { words }: Screen,
  open: () => void,
  close: () => void,
): HTMLElement {
  const short = text.length > lettersMax ? `${[...text].slice(0, lettersMax).join('')}…` : text;
  return h(
    'main',
    { class: 'teaser' },
    h(
      'button',
      { type: 'button', onclick: open },
      from === '' ? null : h('bdi', { class: 'name' }, from),
      h('span', { class: 'rich', dir: 'auto', role: 'status' }, ...rich(short)),
    ),
    iconButton('close', words.close, close),
  );
}

/** Pixels that it needs, by its letters, since what is not shown yet can't be measured. Letters of Chinese are as wide as two. */
export function teaserHeight({ from, text }: Teaser): number {
  const wide = [...text.slice(0, lettersMax)].reduce((sum, c) => sum + (c > '\u2e80' ? 2 : 1), 0);
  const lines = Math.ceil(wide / 30) + text.slice(0, lettersMax).split('\n').length - 1;
  return 32 + 21 * Math.min(7, Math.max(1, lines)) + (from === '' ? 0 : 20);
}
