/** The title of the page: the site's name, and before it what is unread; of that, what mentions the person. */
export function pageTitle(
  site: string,
  unread: number,
  mentions: number,
  number: (value: number) => string,
): string {
  const parts = [...(mentions > 0 ? [`@${number(mentions)}`] : []), ...(unread > 0 ? [number(unread)] : [])];
  return parts.length === 0 ? site : `(${parts.join(' · ')}) ${site}`;
}
