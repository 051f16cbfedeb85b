/**
 * The order of two cursors.
 *
 * A cursor is opaque, and for one connection that is enough: the server sends in order. Two sources that overlap
 * (the leader's items and a follower's own snapshot; an old connection and the one that replaces it) must be laid
 * over each other, and only the order of their cursors tells what is already held. So this file, alone, reads the
 * text `<epoch>.<position hex>`. Any other text is `unknown`, and whoever asks then falls back to a snapshot.
 */
export type Order = 'older' | 'same' | 'newer' | 'unknown';

const shape = /^(.+)\.0*([0-9a-f]*)$/i;

/** Where `cursor` is, seen from `from`. */
export function order(cursor: string, from: string): Order {
  if (cursor === from) return 'same';
  const [, epoch, position] = shape.exec(cursor) ?? [];
  const [, otherEpoch, otherPosition] = shape.exec(from) ?? [];
  if (position === undefined || otherPosition === undefined) return 'unknown';
  if (epoch !== otherEpoch) return 'unknown';
  return orderOfHex(position.toLowerCase(), otherPosition.toLowerCase());
}

// As text, because a position may pass 2^53: without leading zeros the longer one is the greater one.
function orderOfHex(a: string, b: string): Order {
  if (a === b) return 'same';
  if (a.length !== b.length) return a.length < b.length ? 'older' : 'newer';
  return a < b ? 'older' : 'newer';
}
