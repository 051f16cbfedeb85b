/* What the page of a site tells of a visitor, and cards that it hands over: read once, bounded, and text ever after. */
import { safeHref } from '@encke/ui/plain';
import { isRecord, line, type SeenPage } from '../protocol';

export const factsMax = 20;
export const factLettersMax = 200;
export const identityLettersMax = 4_096;

export interface Facts {
  /** The name by which the visitor is called; empty if the page gave none. */
  readonly name: string;
  /** What the site has signed about the visitor; empty if it gave nothing. */
  readonly identity: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export const noFacts: Facts = { name: '', identity: '', attributes: {} };

/** The name and the first attributes that are texts, numbers or yes and no. All else is left out. */
export function readFacts(value: unknown): Facts {
  if (!isRecord(value)) return noFacts;
  const attributes: [string, string][] = [];
  for (const [key, each] of Object.entries(value).slice(0, 4 * factsMax)) {
    const name = line(key, 40);
    const text = typeof each === 'object' || each === undefined ? '' : line(`${each}`, factLettersMax);
    if (key !== 'name' && key !== 'identity' && name !== '' && text !== '' && attributes.length < factsMax)
      attributes.push([name, text]);
  }
  // `fromEntries` defines properties, so that one called `__proto__` is only a name.
  const [name, identity] = [line(value['name'], 60), line(value['identity'], identityLettersMax)];
  return { name, identity, attributes: Object.fromEntries(attributes) };
}

/** A product or an order that the visitor asks about, as it is sent. */
export interface Card {
  readonly title: string;
  readonly about?: string;
  readonly price?: string;
  readonly reference?: string;
  /** With https. */
  readonly url?: string;
}

/** A card of the page with its picture. */
export interface HandedCard {
  readonly card: Card;
  readonly picture: Blob | null;
}

/** Bytes of the picture of a card. */
export const pictureBytesMax = 4 * 1024 * 1024;

/** The card, or null if it is none. What is too long is cut; a link that is not one of the web, and a picture that is none, go. */
export function readCard(value: unknown, picture: unknown): HandedCard | null {
  if (!isRecord(value)) return null;
  // In the worst case a letter has four bytes.
  const title = line(value['title'], 75);
  if (title === '') return null;
  const { price } = value;
  const card = {
    title,
    about: line(value['text'], 75),
    price: line(typeof price === 'number' ? String(price) : price, 25),
    reference: line(value['reference'], 25),
    url: address(value['url']),
  };
  const isPicture =
    picture instanceof Blob &&
    picture.size <= pictureBytesMax &&
    /^image\/(png|jpeg|gif|webp)$/.test(picture.type);
  return { card, picture: isPicture ? picture : null };
}

function address(value: unknown): string {
  const href = typeof value === 'string' && value.length <= 1_000 ? (safeHref(value) ?? '') : '';
  const plain = href.replace(/["<>\\^`{|}]/g, encodeURIComponent);
  return plain.startsWith('https:') && plain.length <= 1_000 ? plain : '';
}

/** What the desk is told of a page. What is undefined does not travel. */
export function visitOf(
  { url, title, referrer }: SeenPage,
  { attributes, name }: Facts,
  language: string,
): object {
  const told = name || Object.keys(attributes)[0] ? { name: name || undefined, ...attributes } : undefined;
  return { url, title, referrer, language, attributes: told };
}
