/*
 * The event that was first at or after a time. Times in the log never go back, so the place is found by halving: a million
 * events take twenty questions.
 */

/** `atOf` tells the time of an event by its `seq`, from 1 to `head`. The last one is answered if all are earlier. */
export async function firstAt(
  at: number,
  head: number,
  atOf: (seq: number) => Promise<number>,
): Promise<number> {
  let low = 1;
  let high = Math.max(1, head);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await atOf(middle)) >= at) high = middle;
    else low = middle + 1;
  }
  return low;
}
