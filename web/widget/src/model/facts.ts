/* What the page of a site tells of a visitor, and cards that it hands over: read once, bounded, and text ever after. */
import { safeHref } from '@encke/ui/plain';
import { isRecord, line } from '../protocol';

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

/** A product or an order that the visitor asks about. */
export interface Card {
  readonly title: string;
  readonly price: string;
  /** https or http; empty without one. */
  readonly link: string;
  readonly picture: string;
}

export function readCard(value: unknown): Card | null {
  if (!isRecord(value)) return null;
  const title = line(value['title'], 120);
  const address = (each: unknown) => {
    const text = typeof each === 'string' && each.length <= 1_000 ? (safeHref(each) ?? '') : '';
    return /^https?:/.test(text) ? text : '';
  };
  if (title === '') return null;
  const price = typeof value['price'] === 'number' ? String(value['price']) : line(value['price'], 40);
  return { title, price, link: address(value['link']), picture: address(value['picture']) };
}

/** The card as a message. Marks in it are letters. */
export function cardText({ title, price, link }: Card): string {
  const plain = (text: string) => text.replace(/[\\`*_~[\]()<>#|@:]/g, (letter) => `\\${letter}`);
  return [`**${plain(title)}**`, plain(price), link].filter((part) => part !== '').join('\n');
}
