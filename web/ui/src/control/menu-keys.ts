/** Moves the focus in a menu: arrows go round, Home and End to its ends. Answers whether the key was one of these. */
export function movedInMenu(key: string, items: readonly HTMLElement[]): boolean {
  const at = items.findIndex((item) => item === document.activeElement);
  const steps: Record<string, number> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const next = steps[key];
  if (next === undefined) return false;
  items[next]?.focus();
  return true;
}

export function menuItems(root: HTMLElement): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)')];
}
