/* How it was: one to five stars and a comment, once a question has been resolved. */
import { h, icon } from '@encke/ui/elements';
import type { Screen } from './screen';

const starsMax = 5;
const commentLettersMax = 1_000;

/** The form, or the thanks if a rating has been given. */
export function ratingView(screen: Screen, rated: number | null): HTMLElement {
  const { words } = screen;
  const stars = rated ?? 0;
  if (rated !== null)
    return h(
      'div',
      { class: 'card rating done' },
      h('p', { class: 'stars', role: 'img', 'aria-label': words.stars(stars) }, ...drawn(stars)),
      h('p', {}, words.thanks),
    );
  const send = h('button', { type: 'submit', class: 'primary', disabled: true }, words.sendRating);
  const comment = h('textarea', {
    rows: 2,
    maxlength: commentLettersMax,
    'aria-label': words.comment,
    placeholder: words.comment,
  });
  const more = h('div', { class: 'rating-more', hidden: true }, comment, send);
  let chosen = 0;
  const choices = Array.from({ length: starsMax }, (_, index) => {
    const value = index + 1;
    const input = h('input', {
      type: 'radio',
      name: 'stars',
      value,
      onchange: () => {
        chosen = value;
        more.hidden = false;
        send.disabled = false;
        labels.forEach((label, at) => label.classList.toggle('on', at < value));
      },
    });
    return h(
      'label',
      { title: words.stars(value) },
      input,
      icon('star'),
      h('span', { class: 'visually-hidden' }, words.stars(value)),
    );
  });
  const labels = choices;
  return h(
    'form',
    {
      class: 'card rating',
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        if (chosen === 0) return;
        send.disabled = true;
        void screen.visitor.rate(chosen, comment.value.trim()).finally(() => (send.disabled = false));
      },
    },
    h('fieldset', { class: 'stars' }, h('legend', {}, words.rate), ...choices),
    more,
  );
}

function drawn(stars: number): HTMLElement[] {
  return Array.from({ length: starsMax }, (_, index) =>
    h('span', { class: index < stars ? 'star on' : 'star' }, icon('star')),
  );
}
