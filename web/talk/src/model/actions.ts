/* What can be done with a message, and the keys for it while it has the focus. */
import type { Conversation } from '@encke/sdk';
import type { MessageRow } from './rows';

export type Action =
  'reply' | 'original' | 'react' | 'edit' | 'history' | 'pin' | 'unpin' | 'copy' | 'link' | 'recall' | 'undo';

export interface ActionPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}

/** The keys, each of which stands beside its action in the menu. */
export const actionKeys: Readonly<Record<Action, string>> = {
  reply: 'r',
  original: 'o',
  react: '+',
  edit: 'e',
  history: 'h',
  pin: 'p',
  unpin: 'p',
  copy: 'c',
  link: 'l',
  recall: 'Delete',
  undo: 'Delete',
};

/** The action of a key among those that there are. */
export function actionOfKey(press: ActionPress, actions: readonly Action[]): Action | 'menu' | null {
  if (press.isComposing || press.ctrlKey || press.metaKey || press.altKey) return null;
  if (press.key === 'Enter' || press.key === 'ContextMenu') return 'menu';
  return actions.find((action) => actionKeys[action] === press.key) ?? null;
}

/**
 * The actions that the menu offers, in its order. The server refuses what is not offered, too. `recalling`: the recall of the
 * message waits, and can be undone.
 */
export function actionsFor(
  { own, amended, event, text }: MessageRow,
  { kind, role }: Conversation,
  recalling = false,
): Action[] {
  if (recalling) return ['undo'];
  const moderates = kind === 'room' && role !== 'member';
  const pins = kind === 'direct' || moderates;
  return [
    'reply',
    ...(event.body.reply_to == null ? [] : (['original'] as const)),
    'react',
    ...(own ? (['edit'] as const) : []),
    ...((amended?.edits ?? 0) > 0 && (own || moderates) ? (['history'] as const) : []),
    ...(pins ? ([amended?.pinned === true ? 'unpin' : 'pin'] as const) : []),
    ...(text === '' ? [] : (['copy'] as const)),
    'link',
    ...(own || moderates ? (['recall'] as const) : []),
  ];
}

/** The last message that somebody wrote, to be written anew; null if there is none. */
export function lastOwn(rows: readonly { readonly kind: string }[]): MessageRow | null {
  return (
    rows.findLast((row): row is MessageRow => row.kind === 'message' && 'own' in row && row.own === true) ??
    null
  );
}
