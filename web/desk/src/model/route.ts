/** What is on screen stands in the address, so that reload and the browser's Back do what one expects. */
export type Place =
  | { readonly at: 'start' }
  /** The list of a desk, and the ticket that is open. */
  | { readonly at: 'tickets'; readonly desk: string; readonly ticket: string | null }
  | { readonly at: 'visitors' | 'reports' | 'settings'; readonly desk: string };

const pattern = /^#\/(c\d{1,15})(?:\/(?:(c\d{1,15})|(visitors|reports|settings)))?(?:\/(\d{1,15}))?$/;

export function placeInHash(hash: string): Place {
  const [, desk, ticket, page] = pattern.exec(hash) ?? [];
  if (desk === undefined) return { at: 'start' };
  if (page === 'visitors' || page === 'reports' || page === 'settings') return { at: page, desk };
  return { at: 'tickets', desk, ticket: ticket ?? null };
}

/** The message that a link names; null if it names none. */
export function seqInHash(hash: string): number | null {
  const [, , ticket, , seq] = pattern.exec(hash) ?? [];
  return ticket === undefined || seq === undefined ? null : Number(seq);
}

export function hashOf(place: Place): string {
  if (place.at === 'start') return '#/';
  if (place.at !== 'tickets') return `#/${place.desk}/${place.at}`;
  return place.ticket === null ? `#/${place.desk}` : `#/${place.desk}/${place.ticket}`;
}
