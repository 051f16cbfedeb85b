/** axe-core on a page of a test. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * Fails if there is a serious or critical finding.
 * @param {import('playwright-core').Page} page
 * @param {string} screen its name in the report
 */
export async function clean(page, screen) {
  // An element that fades in has half its contrast on the way.
  await page.evaluate(async () => {
    const passing = document
      .getAnimations()
      .filter((each) => each.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(passing.map((each) => each.finished));
  });
  await page.evaluate(axe);
  const findings = await page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document, {
      resultTypes: ['violations'],
    });
    return violations
      .filter((/** @type {any} */ each) => each.impact === 'serious' || each.impact === 'critical')
      .map((/** @type {any} */ each) => ({
        rule: each.id,
        help: each.help,
        where: each.nodes.map(
          (/** @type {any} */ node) => `${node.target.join(' ')}: ${node.failureSummary}`,
        ),
      }));
  });
  assert.deepEqual(findings, [], screen);
}
