/* What can be done with a message, and the keys for it while it has the focus. */
import type { Conversation } from '@encke/sdk';
import type { MessageRow } from './rows';

export type Action =
  | 'reply'
  | 'thread'
  | 'original'
  | 'react'
  | 'edit'
  | 'history'
  | 'pin'
  | 'unpin'
  | KeepingAction
  | 'copy'
  | 'link'
  | 'forward'
  | 'hide'
  | 'report'
  | 'recall'
  | 'undo';

/** What a person does with a message for itself. */
export type KeepingAction = 'star' | 'unstar' | 'remind';

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
  thread: 't',
  original: 'o',
  react: '+',
  edit: 'e',
  history: 'h',
  pin: 'p',
  unpin: 'p',
  star: 's',
  unstar: 's',
  remind: 'm',
  copy: 'c',
  link: 'l',
  forward: 'f',
  hide: 'x',
  report: '!',
  recall: 'Delete',
  undo: 'Delete',
};

/** The action of a key among those that there are. */
export function actionOfKey(press: ActionPress, actions: readonly Action[]): Action | 'menu' | null {
  if (press.isComposing || press.ctrlKey || press.metaKey || press.altKey) return null;
  if (press.key === 'Enter' || press.key === 'ContextMenu') return 'menu';
  return actions.find((action) => actionKeys[action] === press.key) ?? null;
}

/** What others of the desk have to read stays there, and a desk has no lists of what one keeps. */
const forTicket: readonly Action[] = [
  'reply',
  'original',
  'react',
  'edit',
  'history',
  'copy',
  'link',
  'recall',
];

/**
 * The actions that the menu offers, in its order. The server refuses what is not offered, too. `recalling`: the recall of the
 * message waits, and can be undone. `starred`: whether the person has starred it; null while it can't be starred.
 */
export function actionsFor(
  { own, amended, event, text }: MessageRow,
  { kind, role }: Conversation,
  recalling = false,
  starred: boolean | null = null,
): Action[] {
  if (recalling) return ['undo'];
  const moderates = kind !== 'direct' && role !== 'member';
  const pins = kind === 'direct' || moderates;
  const all: Action[] = [
    'reply',
    ...(kind === 'thread' ? [] : (['thread'] as const)),
    ...(event.body.reply_to == null ? [] : (['original'] as const)),
    'react',
    // The words of a forwarded message are somebody else's, and a poll was voted on as it is.
    ...(own && event.body.forwarded === undefined && event.body.poll === undefined
      ? (['edit'] as const)
      : []),
    ...((amended?.edits ?? 0) > 0 && (own || moderates) ? (['history'] as const) : []),
    ...(pins ? ([amended?.pinned === true ? 'unpin' : 'pin'] as const) : []),
    ...(starred === null ? [] : ([starred ? 'unstar' : 'star', 'remind'] as const)),
    ...(text === '' ? [] : (['copy'] as const)),
    'link',
    'forward',
    'hide',
    ...(own ? [] : (['report'] as const)),
    ...(own || moderates ? (['recall'] as const) : []),
  ];
  return kind === 'ticket' ? all.filter((action) => forTicket.includes(action)) : all;
}

/** A poll is no text that could be written anew. */
const isWritten = ({ event }: MessageRow): boolean => event.body.poll === undefined;

/** The last message that somebody wrote, to be written anew; null if there is none. */
export function lastOwn(rows: readonly { readonly kind: string }[]): MessageRow | null {
  return (
    rows.findLast(
      (row): row is MessageRow =>
        row.kind === 'message' && 'own' in row && row.own === true && isWritten(row as MessageRow),
    ) ?? null
  );
}
