/** What is on screen stands in the address, so that reload and the browser's Back do what one expects. */
export type Place =
  | { readonly at: 'start' }
  /** The list of a desk, and the ticket that is open. */
  | { readonly at: 'tickets'; readonly desk: string; readonly ticket: string | null }
  | { readonly at: 'articles'; readonly desk: string; readonly article: number | 'new' | null }
  | { readonly at: Page; readonly desk: string };

const pages = ['visitors', 'reports', 'settings', 'board'] as const;
type Page = (typeof pages)[number];

const pattern = /^#\/(c\d{1,15})(?:\/(?:(c\d{1,15})|([a-z]{1,20})))?(?:\/(\d{1,15}|new))?$/;

export function placeInHash(hash: string): Place {
  const [, desk, ticket, name, number] = pattern.exec(hash) ?? [];
  if (desk === undefined) return { at: 'start' };
  const page = pages.find((each) => each === name);
  if (page !== undefined) return { at: page, desk };
  if (name === 'articles')
    return {
      at: 'articles',
      desk,
      article: number === 'new' ? 'new' : number === undefined ? null : Number(number),
    };
  return { at: 'tickets', desk, ticket: ticket ?? null };
}

/** The message that a link names; null if it names none. */
export function seqInHash(hash: string): number | null {
  const [, , ticket, , seq] = pattern.exec(hash) ?? [];
  return ticket === undefined || seq === undefined || seq === 'new' ? null : Number(seq);
}

export function hashOf(place: Place): string {
  if (place.at === 'start') return '#/';
  if (place.at === 'articles')
    return `#/${place.desk}/articles${place.article === null ? '' : `/${place.article}`}`;
  if (place.at !== 'tickets') return `#/${place.desk}/${place.at}`;
  return place.ticket === null ? `#/${place.desk}` : `#/${place.desk}/${place.ticket}`;
}
