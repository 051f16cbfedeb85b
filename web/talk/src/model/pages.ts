/*
 * How much of a list of conversations is known here. The list goes by latest activity, so what was loaded is everything above
 * a floor. Older conversations that are known by another way (by the address, an answer, a search) stay out of the list until
 * the page with their neighbours has come; otherwise they would stand at the end and then jump.
 */
import type { Conversation, ConversationPage } from '@encke/sdk';
import { choicesOf, pinnedFirst } from './choices';
import { titled } from './directory';

export interface Loaded {
  /** Where the next page begins; null on the last one, undefined if no page has come. */
  readonly before: string | null | undefined;
  /** The latest activity of the last one that is listed. */
  readonly floor: number;
  /** Those that the server found, whatever is known of their titles here. */
  readonly found: ReadonlySet<string>;
}

export const nothingLoaded: Loaded = { before: undefined, floor: -Infinity, found: new Set() };
/** There is nothing that is not known here. */
export const everything: Loaded = { before: null, floor: -Infinity, found: new Set() };

/** The part of the conversations that is shown. A query goes through all of them. */
export interface Filter {
  readonly query: string;
  readonly unread: boolean;
  /** Those that are put away, in place of the others. */
  readonly archived: boolean;
  /** Those in this folder; '' for all. */
  readonly folder: string;
}

export const noFilter: Filter = { query: '', unread: false, archived: false, folder: '' };

/** Whether a conversation stands where the filter looks. */
function isThere(conversation: Conversation, { query, archived, folder }: Filter): boolean {
  const choices = choicesOf(conversation);
  if (query !== '') return true;
  return choices.archived === archived && (folder === '' || choices.folder === folder);
}

export function activityOf(conversation: Conversation): number {
  return conversation.last?.at ?? 0;
}

export function withPage(loaded: Loaded, page: Pick<ConversationPage, 'conversations' | 'before'>): Loaded {
  const lowest = Math.min(...page.conversations.map(activityOf));
  const floor = page.before === null ? -Infinity : Number.isFinite(lowest) ? lowest : loaded.floor;
  const found = new Set(loaded.found);
  for (const { id } of page.conversations) found.add(id);
  return { before: page.before, floor, found };
}

/**
 * The part of `sorted` that is shown, with pinned ones above the others unless something is searched for. The open conversation
 * stays in a list of unread ones while it is read.
 */
export function listed(
  sorted: readonly Conversation[],
  loaded: Loaded,
  filter: Filter,
  openId: string | null,
  title: (conversation: Conversation) => string,
): Conversation[] {
  const matches = titled(filter.query, title);
  const found = sorted.filter(
    (each) =>
      (activityOf(each) >= loaded.floor || choicesOf(each).pinned) &&
      isThere(each, filter) &&
      (!filter.unread || each.unread > 0 || each.id === openId) &&
      (filter.query === '' || loaded.found.has(each.id) || matches(each)),
  );
  return filter.query === '' ? pinnedFirst(found) : found;
}
