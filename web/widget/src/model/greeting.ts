/* Which greeting of a desk appears on a page. */
import type { Greeting } from './door';

/** The first that fits the page; `null` if none does. */
export function greetingFor(greetings: readonly Greeting[], url: string): Greeting | null {
  if (!URL.canParse(url)) return null;
  const { pathname, search, hash } = new URL(url);
  return greetings.find(({ page }) => page === '' || fits(page, pathname + search + hash)) ?? null;
}

/** Whether a path is one of these pages. `*` is for any letters. Without backtracking: the page is somebody else's text. */
function fits(pattern: string, path: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return path.split(/[?#]/)[0] === first || path === first;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}
