/** What is on screen stands in the address, so that reload and the browser's Back do what one expects. */
export type Place =
  | { readonly at: 'start' }
  /** The list of a desk, and the ticket that is open. */
  | { readonly at: 'tickets'; readonly desk: string; readonly ticket: string | null }
  | { readonly at: Page; readonly desk: string }
  | { readonly at: 'articles'; readonly desk: string; readonly article: number | 'new' | null }
  /** The people that have asked, and the one that is open. */
  | { readonly at: 'contacts'; readonly desk: string; readonly contact: string | null };

const pages = ['visitors', 'reports', 'settings', 'find', 'mentions', 'board'] as const;
type Page = (typeof pages)[number];

const pattern = /^#\/(c\d{1,15})(?:\/(?:(c\d{1,15})|([a-z]{1,20})))?(?:\/(p?\d{1,15}|new))?$/;

export function placeInHash(hash: string): Place {
  const [, desk, ticket, name, last] = pattern.exec(hash) ?? [];
  if (desk === undefined) return { at: 'start' };
  const page = pages.find((each) => each === name);
  if (page !== undefined) return { at: page, desk };
  if (name === 'contacts') return { at: name, desk, contact: last?.startsWith('p') === true ? last : null };
  if (name === 'articles') return { at: name, desk, article: articleOf(last) };
  return { at: 'tickets', desk, ticket: ticket ?? null };
}

function articleOf(last: string | undefined): number | 'new' | null {
  if (last === 'new') return last;
  return last === undefined || !/^\d+$/.test(last) ? null : Number(last);
}

/** The message that a link names; null if it names none. */
export function seqInHash(hash: string): number | null {
  const [, , ticket, , seq] = pattern.exec(hash) ?? [];
  return ticket === undefined || seq === undefined || !/^\d+$/.test(seq) ? null : Number(seq);
}

export function hashOf(place: Place): string {
  if (place.at === 'start') return '#/';
  if (place.at === 'contacts')
    return place.contact === null ? `#/${place.desk}/contacts` : `#/${place.desk}/contacts/${place.contact}`;
  if (place.at === 'articles')
    return `#/${place.desk}/articles${place.article === null ? '' : `/${place.article}`}`;
  if (place.at !== 'tickets') return `#/${place.desk}/${place.at}`;
  return place.ticket === null ? `#/${place.desk}` : `#/${place.desk}/${place.ticket}`;
}
