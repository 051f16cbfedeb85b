/** What a benchmark reads off the machine and the browser. */
import { readFile } from 'node:fs/promises';

/** Main-thread work longer than this, in ms, is a frame that a person notices. */
export const task_ms_max = 50;

/** Memory of a process in MiB, shared pages by their share. @param {number} pid */
export async function memory_mib(pid) {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN) / 1024;
}

/** CPU seconds that a process has used. @param {number} pid */
export async function cpu_s(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** @param {number[]} values @param {number} share */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/**
 * The tasks of a page's main thread in a trace, in ms, the longest first.
 * @param {Buffer} trace as `browser.stopTracing` returns it
 * @returns {number[]}
 */
export function tasks(trace) {
  /** @type {{ traceEvents: { name: string, ph: string, pid: number, tid: number, dur?: number, args: any }[] }} */
  const { traceEvents } = JSON.parse(trace.toString());
  const pages = new Set();
  for (const { name, pid, tid, args } of traceEvents) {
    if (name === 'thread_name' && args.name === 'CrRendererMain') pages.add(`${pid}/${tid}`);
  }
  return traceEvents
    .filter(({ name, ph, pid, tid }) => /RunTask$/.test(name) && ph === 'X' && pages.has(`${pid}/${tid}`))
    .map(({ dur = 0 }) => dur / 1000)
    .toSorted((a, b) => b - a);
}

/** A row of a table in Markdown. @param {...(string | number)} cells */
export function row(...cells) {
  const text = (/** @type {string | number} */ cell) =>
    typeof cell === 'number' ? String(Math.round(cell * 10) / 10) : cell;
  console.log(`| ${cells.map(text).join(' | ')} |`);
}
