/* What can be done with a message, and the keys for it while it has the focus. */
import type { Conversation } from '@encke/sdk';
import type { MessageRow } from './rows';

export type Action = 'react' | 'edit' | 'history' | 'pin' | 'unpin' | 'copy' | 'link';

export interface ActionPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}

/** The keys, each a letter that stands beside its action in the menu. */
export const actionKeys: Readonly<Record<Action, string>> = {
  react: '+',
  edit: 'e',
  history: 'h',
  pin: 'p',
  unpin: 'p',
  copy: 'c',
  link: 'l',
};

/** The action of a key among those that there are. */
export function actionOfKey(press: ActionPress, actions: readonly Action[]): Action | 'menu' | null {
  if (press.isComposing || press.ctrlKey || press.metaKey || press.altKey) return null;
  if (press.key === 'Enter' || press.key === 'ContextMenu') return 'menu';
  return actions.find((action) => actionKeys[action] === press.key) ?? null;
}

/** The actions that the menu offers, in its order. The server refuses what is not offered, too. */
export function actionsFor({ own, amended }: MessageRow, { kind, role }: Conversation): Action[] {
  const moderates = kind === 'room' && role !== 'member';
  const pins = kind === 'direct' || moderates;
  return [
    'react',
    ...(own ? (['edit'] as const) : []),
    ...((amended?.edits ?? 0) > 0 && (own || moderates) ? (['history'] as const) : []),
    ...(pins ? ([amended?.pinned === true ? 'unpin' : 'pin'] as const) : []),
    'copy',
    'link',
  ];
}

/** The last message that somebody wrote, to be written anew; null if there is none. */
export function lastOwn(rows: readonly { readonly kind: string }[]): MessageRow | null {
  return (
    rows.findLast((row): row is MessageRow => row.kind === 'message' && 'own' in row && row.own === true) ??
    null
  );
}
