/* A button with something that opens above or below it, and closes with Escape, with a click elsewhere, or when the focus leaves. */
import { fill, h } from '@encke/ui/elements';

export interface Popup {
  readonly element: HTMLElement;
  close(): void;
  readonly isOpen: boolean;
}

/** `draw` makes what is inside each time it opens. */
export function popup(
  button: HTMLButtonElement,
  className: string,
  draw: (close: () => void) => HTMLElement[],
): Popup {
  const box = h('div', { class: `popup ${className}`, hidden: true });
  const element = h('div', { class: 'popup-place' }, button, box);
  const isOpen = () => !box.hidden;
  const show = (open: boolean) => {
    box.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (open) {
      fill(box, ...draw(() => close()));
      box.querySelector<HTMLElement>('button, input')?.focus();
    } else fill(box);
  };
  const close = () => {
    if (!isOpen()) return;
    show(false);
    button.focus();
  };
  button.setAttribute('aria-expanded', 'false');
  button.addEventListener('click', () => show(!isOpen()));
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isOpen()) {
      // Only this closes, not the whole panel.
      event.stopPropagation();
      close();
    }
  });
  element.addEventListener('focusout', ({ relatedTarget }) => {
    if (isOpen() && relatedTarget instanceof Node && !element.contains(relatedTarget)) show(false);
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (isOpen() && target instanceof Node && !element.contains(target)) show(false);
  });
  return {
    element,
    close,
    get isOpen() {
      return isOpen();
    },
  };
}
