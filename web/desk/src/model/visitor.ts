/* What a visitor's browser says of itself. None of it is believed: it is text, cut where it grows too long. */
import { safeHref } from '@encke/ui/plain';

export const attributesMax = 40;
export const attributeCharsMax = 300;

export interface Attribute {
  readonly name: string;
  readonly text: string;
}

/** The attributes that a site passed, as lines. */
export function attributesOf(attributes: unknown): Attribute[] {
  if (typeof attributes !== 'object' || attributes === null) return [];
  return Object.entries(attributes)
    .slice(0, attributesMax)
    .map(([name, value]) => ({ name: cut(name), text: cut(textOf(value)) }));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function cut(text: string): string {
  return text.length > attributeCharsMax ? `${text.slice(0, attributeCharsMax)}…` : text;
}

export interface PageShown {
  /** What one reads: the title, or else the address. */
  readonly label: string;
  /** The address without what only machines read. */
  readonly address: string;
  /** Null if it is no address of the web. */
  readonly href: string | null;
}

export function pageOf(url: string, title = ''): PageShown {
  const address = shortAddress(url);
  return { label: cut(title.trim()) || address, address, href: webAddress(url) };
}

function shortAddress(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    if (protocol !== 'https:' && protocol !== 'http:') return cut(url);
    return cut(pathname === '/' ? host : `${host}${decoded(pathname)}`);
  } catch {
    return cut(url);
  }
}

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Only pages of the web are links: a visitor may send anything else. */
function webAddress(url: string): string | null {
  return /^https?:\/\//i.test(url) ? safeHref(url) : null;
}

/** The name of a language, in the language of the reader. */
export function languageName(tag: string, reader: string): string {
  try {
    return new Intl.DisplayNames([reader], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return cut(tag);
  }
}
