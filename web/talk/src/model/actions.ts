/* What can be done with a message, and the keys for it while it has the focus. */
import type { MessageRow } from './rows';

export type Action = 'copy' | 'link';

export interface ActionPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}

/** The keys, each a letter that stands beside its action in the menu. */
export const actionKeys: Readonly<Record<Action, string>> = { copy: 'c', link: 'l' };

export function actionOfKey(press: ActionPress): Action | 'menu' | null {
  if (press.isComposing || press.ctrlKey || press.metaKey || press.altKey) return null;
  if (press.key === 'Enter' || press.key === 'ContextMenu') return 'menu';
  const found = Object.entries(actionKeys).find(([, key]) => key === press.key);
  return found === undefined ? null : isAction(found[0]) ? found[0] : null;
}

/** The actions that the menu offers, in its order. */
export function actionsFor(_row: MessageRow): Action[] {
  return ['copy', 'link'];
}

function isAction(name: string): name is Action {
  return name in actionKeys;
}
