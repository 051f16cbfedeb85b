/** What is on screen stands in the address, so that reload and the browser's Back do what one expects. */
export type Place =
  | { readonly at: 'start' }
  /** The list of a desk, and the ticket that is open. */
  | { readonly at: 'tickets'; readonly desk: string; readonly ticket: string | null }
  | { readonly at: Page; readonly desk: string }
  /** The people that have asked, and the one that is open. */
  | { readonly at: 'contacts'; readonly desk: string; readonly contact: string | null };

const pages = ['visitors', 'reports', 'settings', 'find', 'mentions'] as const;
type Page = (typeof pages)[number];

const pattern =
  /^#\/(c\d{1,15})(?:\/(?:(c\d{1,15})|(visitors|reports|settings|find|mentions|contacts)))?(?:\/(p?\d{1,15}))?$/;

export function placeInHash(hash: string): Place {
  const [, desk, ticket, page, last] = pattern.exec(hash) ?? [];
  if (desk === undefined) return { at: 'start' };
  if (page === 'contacts') return { at: page, desk, contact: last?.startsWith('p') === true ? last : null };
  const known = pages.find((each) => each === page);
  if (known !== undefined) return { at: known, desk };
  return { at: 'tickets', desk, ticket: ticket ?? null };
}

/** The message that a link names; null if it names none. */
export function seqInHash(hash: string): number | null {
  const [, , ticket, , seq] = pattern.exec(hash) ?? [];
  return ticket === undefined || seq === undefined || seq.startsWith('p') ? null : Number(seq);
}

export function hashOf(place: Place): string {
  if (place.at === 'start') return '#/';
  if (place.at === 'contacts')
    return place.contact === null ? `#/${place.desk}/contacts` : `#/${place.desk}/contacts/${place.contact}`;
  if (place.at !== 'tickets') return `#/${place.desk}/${place.at}`;
  return place.ticket === null ? `#/${place.desk}` : `#/${place.desk}/${place.ticket}`;
}
