/* Which rows of a list are drawn. All rows are of one height, so everything follows from a division. */

/** Rows that are drawn beyond each end of what is in sight, so that scrolling shows no gap. */
export const spareRows = 8;

export interface View {
  readonly count: number;
  readonly rowHeight: number;
  /** How far the beginning of the list is above the beginning of what is in sight; negative while it is below. */
  readonly top: number;
  /** The height of what is in sight. */
  readonly height: number;
}

/** The rows that are drawn: from `first` to before `end`. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

export function spanOf({ count, rowHeight, top, height }: View): Span {
  const first = Math.floor(top / rowHeight) - spareRows;
  const end = Math.ceil((top + height) / rowHeight) + spareRows;
  const within = (row: number): number => Math.min(count, Math.max(0, row));
  return { first: within(first), end: within(end) };
}

/** By how much to scroll so that a row is wholly in sight; 0 if it is. */
export function scrollTo(row: number, { rowHeight, top, height }: View): number {
  const above = row * rowHeight - top;
  const below = above + rowHeight - height;
  return above < 0 ? above : below > 0 ? Math.min(below, above) : 0;
}

/**
 * By how many rows the list in sight has moved, so that it can be kept in place: somebody who reads further down is not
 * disturbed by what comes to the top. The first two rows in sight decide: one of them may be the very row that went elsewhere.
 */
export function movedBy(before: readonly string[], after: readonly string[], view: View): number {
  const first = Math.floor(view.top / view.rowHeight);
  if (view.top < view.rowHeight / 2) return 0;
  const moves = [first, first + 1].flatMap((row) => {
    const key = before[row];
    const now = key === undefined ? -1 : after.indexOf(key);
    return now < 0 ? [] : [now - row];
  });
  return moves.reduce((least, move) => (Math.abs(move) < Math.abs(least) ? move : least), moves[0] ?? 0);
}

/** The row that a key goes to from row `at`; null for keys that move nothing. */
export function rowAfterKey(key: string, at: number, count: number): number | null {
  const wanted = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: count - 1 }[key];
  if (wanted === undefined || count === 0) return null;
  return Math.min(count - 1, Math.max(0, wanted));
}
