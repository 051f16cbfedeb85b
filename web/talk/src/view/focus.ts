/** Where there is a mouse there is a keyboard; on a phone the focus would push the thread away. */
export function focusComposer(
  composer: HTMLElement | null | undefined = document.querySelector<HTMLElement>('[data-composer]'),
): void {
  if (!matchMedia('(min-width: 720px) and (pointer: fine)').matches) return;
  composer?.focus({ preventScroll: true });
}
