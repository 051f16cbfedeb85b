/** Waiting, always for something and never for longer than a deadline. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const look_ms = 40;

/**
 * Waits until `check` answers something true, and returns that. An error names `what` if it takes too long.
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} check
 * @returns {Promise<T>}
 */
export async function eventually(what, check, within_ms = 30_000) {
  const end = Date.now() + within_ms;
  /** @type {unknown} */
  let last;
  for (;;) {
    try {
      const value = await check();
      if (value) return value;
      last = value;
    } catch (thrown) {
      last = thrown;
    }
    if (Date.now() > end) throw new Error(`Not within ${within_ms} ms: ${what}.`, { cause: last });
    await pause(look_ms);
  }
}

/**
 * Waits until `read` answers `expected`; the last answer is compared for the report.
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} read
 * @param {T} expected
 */
export async function becomes(what, read, expected, within_ms = 30_000) {
  const end = Date.now() + within_ms;
  for (;;) {
    const value = await read();
    try {
      return assert.deepEqual(value, expected);
    } catch (thrown) {
      if (Date.now() > end) {
        assert.deepEqual(value, expected, `${what}, not within ${within_ms} ms: ${thrown}`);
      }
    }
    await pause(look_ms);
  }
}
