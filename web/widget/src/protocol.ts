/*
 * What the loader, on the page of a site, and the iframe say to each other by postMessage. Either side takes a message only from
 * the other's window and origin. Nothing here is trusted beyond that: the page of a site may say whatever it likes, so each
 * value is read by `read…` before it is used, and nothing about the conversation itself is ever told to the page.
 */

/** A page that the visitor looks at. */
export interface SeenPage {
  readonly url: string;
  readonly title: string;
  readonly referrer: string;
}

/** From the page. */
export type Told =
  | {
      readonly say: 'hello';
      readonly page: SeenPage;
      readonly visits: boolean;
      readonly open: boolean;
      /** Whether it has a place of its own on the page, so that nothing is to be closed. */
      readonly inline?: boolean;
    }
  | { readonly say: 'page'; readonly page: SeenPage }
  | { readonly say: 'open'; readonly open: boolean }
  | { readonly say: 'identify'; readonly facts: unknown }
  /** `picture`: its bytes, as the page could read them. */
  | { readonly say: 'card'; readonly card: unknown; readonly picture: unknown };

/** To the page. */
export type Telling =
  /** The look that the desk has chosen, how much is unread, and whether the visitor has asked something before. */
  | {
      readonly say: 'state';
      readonly unread: number;
      readonly color: string;
      readonly side: 'left' | 'right';
      readonly returning: boolean;
    }
  | { readonly say: 'close' }
  | { readonly say: 'open' }
  /** Shows this many pixels of the iframe above the button while it is closed; 0 for none. */
  | { readonly say: 'tease'; readonly high: number };

/** The mark of all messages, so that those of others on the page are told apart. */
export const mark = 'encke-desk';

/** Letters of an address, and of a title, of a page that the visitor looks at. */
export const urlLettersMax = 1_000;
export const titleLettersMax = 200;

/** A message of the page, or null if it is none. */
export function readTold(data: unknown): Told | null {
  if (!isRecord(data) || data['encke'] !== mark) return null;
  const { say, page, visits, open, inline } = data;
  switch (say) {
    case 'hello':
      return {
        say,
        page: readPage(page),
        visits: visits === true,
        open: open === true,
        inline: inline === true,
      };
    case 'page':
      return { say, page: readPage(page) };
    case 'open':
      return { say, open: open === true };
    case 'identify':
      return { say, facts: data['facts'] };
    case 'card':
      return { say, card: data['card'], picture: data['picture'] };
    default:
      return null;
  }
}

function readPage(value: unknown): SeenPage {
  const page = isRecord(value) ? value : {};
  return {
    url: address(page['url']),
    title: line(page['title'], titleLettersMax),
    referrer: address(page['referrer']),
  };
}

/** An http(s) address without what a fragment may hide, unless that names a page of its own. Empty if it is none. */
function address(value: unknown): string {
  if (typeof value !== 'string' || value.length > 10 * urlLettersMax || !URL.canParse(value)) return '';
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return '';
  url.username = '';
  url.password = '';
  if (!/^#!?\//.test(url.hash)) url.hash = '';
  return url.href.slice(0, urlLettersMax);
}

/** One line of text without control characters; empty if it is none. */
export function line(value: unknown, lettersMax: number): string {
  if (typeof value !== 'string') return '';
  const text = value.slice(0, 4 * lettersMax).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return [...text.trim()].slice(0, lettersMax).join('');
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
