/** The title of the page: the site's name, and before it what is unread; of that, what mentions the person. */
export function pageTitle(
  site: string,
  unread: number,
  mentions: number,
  number: (value: number) => string,
): string {
  if (unread === 0) return site;
  return mentions === 0
    ? `(${number(unread)}) ${site}`
    : `(@${number(mentions)} · ${number(unread)}) ${site}`;
}
