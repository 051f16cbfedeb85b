/** A clock that moves only when a test says so. */
import type { Clock } from '../../src/environment.js';

interface Due {
  at: number;
  id: number;
  run: () => void;
}

export class FakeClock implements Clock {
  #now = 1_763_689_200_000;
  #due: Due[] = [];
  #id = 0;

  now(): number {
    return this.#now;
  }

  setTimeout(run: () => void, ms: number): number {
    this.#id += 1;
    this.#due.push({ at: this.#now + Math.max(0, ms), id: this.#id, run });
    return this.#id;
  }

  clearTimeout(timer: unknown): void {
    this.#due = this.#due.filter((due) => due.id !== timer);
  }

  /** Moves on, running what falls due in its order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#due.filter((due) => due.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((due) => due !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets every promise that can settle do so. No time passes for the code under test. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise<void>((resolve) => immediate(resolve));
}

function immediate(run: () => void): void {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    channel.port1.close();
    run();
  };
  channel.port2.postMessage(null);
}
