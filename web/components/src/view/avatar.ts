/* A face: the person's picture, or letters of its name until that is there. */
import { h } from '@encke/ui/elements';
import { avatarColour, initials } from '@encke/ui/plain';
import type { Pictures } from '@encke/talk/plain';

export interface Face {
  readonly id: string;
  readonly name: string;
  readonly picture: string | null;
}

export function avatar(
  { id, name, picture }: Face,
  pictures: Pictures,
  which: 'start' | 'end' = 'end',
): HTMLElement {
  const face = h('span', { class: 'avatar', part: 'avatar', 'aria-hidden': 'true' }, initials(name, which));
  // A property, not an attribute: the policy of a strict page forbids the latter.
  face.style.background = avatarColour(id);
  if (picture !== null)
    pictures.of(picture).then(
      (src) => face.replaceChildren(h('img', { src, alt: '' })),
      () => undefined,
    );
  return face;
}
