/* A face: the person's picture, or letters of its name until that is there. */
import { avatarColour, initials } from '@encke/ui/plain';
import type { Pictures } from '@encke/talk/plain';
import { h } from '@encke/ui/elements';

export interface Face {
  readonly id: string;
  readonly name: string;
  readonly picture: string | null;
}

export function avatar({ id, name, picture }: Face, pictures: Pictures): HTMLElement {
  const face = h('span', { class: 'avatar', 'aria-hidden': 'true' }, initials(name));
  face.style.background = avatarColour(id);
  if (picture !== null)
    pictures.of(picture).then(
      (src) => face.replaceChildren(h('img', { src, alt: '' })),
      () => undefined,
    );
  return face;
}
