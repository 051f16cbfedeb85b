/*
 * Which rows of a thread are drawn. Rows have heights of their own, so a stretch of them is drawn that moves as somebody
 * scrolls: it grows at the end that is near, and is cut at the other. Its ends are rows, by key, so that what is loaded above
 * or comes below moves nothing.
 */

/** Rows that are drawn at most, and by how many the stretch moves. */
export const rowsDrawnMax = 180;
export const rowsStep = 40;

export interface Keyed {
  readonly key: string;
  readonly kind: string;
}

/** The first and the last row that are drawn; null is an end that follows the list's own. */
export interface Stretch {
  readonly top: string | null;
  readonly bottom: string | null;
}

/** The end of the list, as it comes. */
export const atTheEnd: Stretch = { top: null, bottom: null };

export interface Drawn {
  readonly from: number;
  /** The one after the last. */
  readonly to: number;
}

export function drawnOf(rows: readonly Keyed[], { top, bottom }: Stretch): Drawn {
  const first = top === null ? -1 : rows.findIndex(({ key }) => key === top);
  const last = bottom === null ? -1 : rows.findIndex(({ key }) => key === bottom);
  // An end that is gone follows from the other one; without both it is the end of the list.
  const lost = bottom !== null && last < 0 && first >= 0;
  const to = lost ? Math.min(rows.length, first + rowsDrawnMax) : last < 0 ? rows.length : last + 1;
  let from = first < 0 || first >= to ? Math.max(0, to - rowsDrawnMax + rowsStep) : first;
  while (isLine(rows[from - 1])) from -= 1;
  return { from, to };
}

/** Lines between messages belong to what follows them: one may be elsewhere when more is loaded. */
function isLine(row: Keyed | undefined): boolean {
  return row?.kind === 'day' || row?.kind === 'new';
}

/** The stretch moved towards the beginning; null if the first row is drawn. */
export function movedUp(rows: readonly Keyed[], stretch: Stretch): Stretch | null {
  const { from, to } = drawnOf(rows, stretch);
  if (from === 0) return null;
  return between(rows, Math.max(0, from - rowsStep), to, 'top');
}

/** The stretch moved towards the end; null if the last row is drawn. */
export function movedDown(rows: readonly Keyed[], stretch: Stretch): Stretch | null {
  const { from, to } = drawnOf(rows, stretch);
  if (to === rows.length) return null;
  return between(rows, from, Math.min(rows.length, to + rowsStep), 'bottom');
}

/** A stretch with a row in its middle. */
export function aroundRow(rows: readonly Keyed[], index: number): Stretch {
  const half = Math.floor(rowsDrawnMax / 2) - rowsStep;
  return between(rows, Math.max(0, index - half), Math.min(rows.length, index + half), 'top');
}

/** The stretch that is drawn now, held where it is while rows come at the end. */
export function held(rows: readonly Keyed[], stretch: Stretch): Stretch {
  const { from, to } = drawnOf(rows, stretch);
  return between(rows, from, to, 'top');
}

function between(rows: readonly Keyed[], from: number, to: number, grown: 'top' | 'bottom'): Stretch {
  const over = Math.max(0, to - from - rowsDrawnMax);
  let first = grown === 'bottom' ? from + over : from;
  const end = grown === 'top' ? to - over : to;
  while (first < end - 1 && isLine(rows[first])) first += 1;
  return { top: rows[first]?.key ?? null, bottom: end === rows.length ? null : (rows[end - 1]?.key ?? null) };
}
