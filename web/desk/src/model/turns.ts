/** Acts that are done one after the other, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param most How many may wait for the one that is being done. */
  constructor(readonly most: number) {}

  /** Does it when those before it are done, whichever way they ended. Answers false at once if too many wait. */
  async take(act: () => Promise<boolean>): Promise<boolean> {
    if (this.#waiting > this.most) return false;
    this.#waiting += 1;
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}
