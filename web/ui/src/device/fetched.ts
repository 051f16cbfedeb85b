import { browserClock, type Clock } from './clock';

/** The pause before a part of the page that could not be fetched is asked for again. */
export const fetchAgainMs = 3_000;
/** How often it is asked for: an hour. */
export const fetchesMax = 1_200;

/**
 * A part of the page that is a file of its own, as soon as the server has brought it. Where nothing can be done without
 * it, and nobody waits for an answer, use this in place of `import()`: that fails for good if the server is away.
 */
export async function fetched<T>(load: () => Promise<T>, clock: Clock = browserClock): Promise<T> {
  for (let count = 1; count < fetchesMax; count += 1) {
    try {
      return await load();
    } catch {
      await new Promise<void>((resolve) => clock.after(fetchAgainMs, resolve));
    }
  }
  return load();
}
