/** Where there is a mouse there is a keyboard; on a phone the focus would push the thread away. */
export function focusComposer(): void {
  if (!matchMedia('(min-width: 720px) and (pointer: fine)').matches) return;
  document.querySelector<HTMLElement>('[data-composer]')?.focus({ preventScroll: true });
}
