/* A card: a product or an order, as a message shows it and as the page hands it over. */
import { safeHref } from '@encke/ui/plain';
import type { Card } from '../model/facts';
import { h } from '@encke/ui/elements';

/** `picture`: what shows it, if there is one. All else is text, and a link that is only followed by a click. */
export function cardView(card: Card, picture: Node | null): HTMLElement {
  const { title, about = '', price = '', reference = '', url = '' } = card;
  const href = safeHref(url);
  const name = h('bdi', {}, title);
  const rest = [about, reference].filter((text) => text !== '').join(' · ');
  return h(
    'div',
    { class: 'product' },
    picture,
    h(
      'div',
      { class: 'product-text' },
      href === null
        ? h('strong', {}, name)
        : h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, name),
      rest === '' ? null : h('span', { dir: 'auto' }, rest),
      price === '' ? null : h('b', { dir: 'auto' }, price),
    ),
  );
}
