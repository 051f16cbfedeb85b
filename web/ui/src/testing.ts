/* A clock and a storage that a test owns, for the tests of other packages. */
import type { Clock } from './device/clock';
import type { TextStorage } from './device/storage';

export class TestClock implements Clock {
  #now = 0;
  #tasks: { at: number; task: () => void }[] = [];
  now = (): number => this.#now;
  after(ms: number, task: () => void): () => void {
    const entry = { at: this.#now + ms, task };
    this.#tasks.push(entry);
    return () => (this.#tasks = this.#tasks.filter((other) => other !== entry));
  }
  /** Moves the time forward and runs the tasks that are due. */
  pass(ms: number): void {
    this.#now += ms;
    const due = this.#tasks.filter((entry) => entry.at <= this.#now);
    this.#tasks = this.#tasks.filter((entry) => entry.at > this.#now);
    due.forEach((entry) => entry.task());
  }
}

export class TestStorage implements TextStorage {
  readonly kept = new Map<string, string>();
  /** While this is set, the device refuses to keep anything more. */
  full = false;
  getItem = (name: string): string | null => this.kept.get(name) ?? null;
  setItem(name: string, value: string): void {
    if (this.full) throw new Error('full');
    this.kept.set(name, value);
  }
  removeItem = (name: string): void => void this.kept.delete(name);
}

/** The paths of all texts of a dictionary, for the test that two languages have the same. */
export function textPaths(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [value === '' ? `${path} (empty)` : path];
  return Object.entries(value)
    .flatMap(([key, inner]) => textPaths(inner, `${path}.${key}`))
    .sort();
}
