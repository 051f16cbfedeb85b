/* Elements without markup: whatever is put in is an element or text, so what people write never becomes HTML. */

export type Child = Node | string | null;
type Value = string | number | boolean | null | ((event: never) => void);

/** An element with attributes, listeners (`onclick`) and children. `false` and `null` leave an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else set(element, name, value);
  }
  fill(element, ...children);
  return element;
}

/** Sets or removes an attribute, if it is another. */
export function set(element: Element, name: string, value: string | number | boolean | null): void {
  if (value === false || value === null) element.removeAttribute(name);
  else {
    const text = value === true ? '' : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Replaces what is in an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== null));
}

/** Sets the text of an element, if it is another: a screen reader hears only what has changed. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** One drawn thing at a time for each key, in the order of the list. What has not changed stays, with its focus and its scroll. */
export class Keyed<T extends { readonly key: string }> {
  readonly #drawn = new Map<string, { sign: string; element: HTMLElement }>();

  constructor(
    private readonly into: HTMLElement,
    private readonly sign: (item: T) => string,
    private readonly draw: (item: T) => HTMLElement,
  ) {}

  show(items: readonly T[]): void {
    const keys = new Set(items.map(({ key }) => key));
    for (const [key, { element }] of this.#drawn) {
      if (keys.has(key)) continue;
      element.remove();
      this.#drawn.delete(key);
    }
    let at = this.into.firstElementChild;
    for (const item of items) {
      const sign = this.sign(item);
      const known = this.#drawn.get(item.key);
      const element = known?.sign === sign ? known.element : this.draw(item);
      if (known !== undefined && known.element !== element) {
        if (known.element === at) at = element;
        known.element.replaceWith(element);
      }
      this.#drawn.set(item.key, { sign, element });
      if (element === at) at = at.nextElementSibling;
      else this.into.insertBefore(element, at);
    }
  }
}

const svg = 'http://www.w3.org/2000/svg';

/** The icons, drawn on 24 by 24, as those of @encke/ui. */
const paths = {
  back: 'M14.5 5.5 8 12l6.5 6.5',
  close: 'M6 6l12 12M18 6 6 18',
  send: 'M12 19V5M5.5 11.5 12 5l6.5 6.5',
  down: 'M12 5v14M5.5 12.5 12 19l6.5-6.5',
  smile:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.2 14c.9 1.5 2.2 2.3 3.8 2.3s2.9-.8 3.8-2.3M9 9.6v.1M15 9.6v.1',
  clip: 'M18.5 11.5 12 18a4.2 4.2 0 0 1-6-6l7-7a2.9 2.9 0 0 1 4.1 4.1l-6.8 6.8a1.5 1.5 0 0 1-2.1-2.1l6.2-6.2',
  file: 'M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4',
  more: 'M5.6 12h.8M11.6 12h.8M17.6 12h.8',
  star: 'M12 4l2.5 5.1 5.6.8-4 4 .9 5.6-5-2.7-5 2.7.9-5.6-4-4 5.6-.8Z',
} as const;

export function icon(name: keyof typeof paths): SVGElement {
  const drawing = document.createElementNS(svg, 'svg');
  for (const [attribute, value] of Object.entries({
    viewBox: '0 0 24 24',
    class: 'icon',
    'aria-hidden': 'true',
  }))
    drawing.setAttribute(attribute, value);
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('d', paths[name]);
  drawing.append(path);
  return drawing;
}

/** A button that shows an icon. Its name is read to those who can't see it. */
export function iconButton(
  name: keyof typeof paths,
  label: string,
  onclick: (event: MouseEvent) => void,
): HTMLButtonElement {
  return h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick },
    icon(name),
  );
}
