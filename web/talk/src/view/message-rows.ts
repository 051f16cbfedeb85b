/* What the list of messages asks of the rows on the screen. */

/** The first row in sight, and how far its upper edge is below that of the screen. */
export function firstInSight(scroller: Element, list: Element): { row: Element; top: number } | null {
  const edge = scroller.getBoundingClientRect().top;
  let low = 0;
  let high = list.children.length - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((list.children[middle]?.getBoundingClientRect().bottom ?? 0) > edge) high = middle;
    else low = middle + 1;
  }
  const row = list.children[low];
  return row === undefined ? null : { row, top: row.getBoundingClientRect().top };
}

/** The key of the message that something on the screen belongs to. */
export function keyOf(target: EventTarget | null): string | null {
  if (!(target instanceof Element)) return null;
  return target.closest<HTMLElement>('[data-row="message"]')?.dataset['key'] ?? null;
}

/** The row with a key, if it is drawn. */
export function rowAt(list: Element, key: string): HTMLElement | null {
  return list.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

/** Brings the focus from one message to the next, or the one before. */
export function step(list: Element, from: HTMLElement, by: 1 | -1): void {
  const all = [...list.querySelectorAll<HTMLElement>('[data-row="message"]')];
  const next = all[all.indexOf(from) + by];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}
