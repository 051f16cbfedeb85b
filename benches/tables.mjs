// Medians of result lines as Markdown tables: node benches/tables.mjs FOLDER
//
// `× raw` compares the CPU figure with that of rawpush over the same transport, round by round (the n-th line of
// each in the same file), so that a machine which is slower at times does not decide.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? 'target/bench';

/** Columns by workload; those of losses only where there was one. */
const columns = {
  fanout: ['deliveries_per_s', 'latency_ms', 'cpu_s_per_million', 'generator_busy', 'lost'],
  churn: ['deliveries_per_s', 'latency_ms', 'cpu_s_per_million', 'generator_busy', 'lost'],
  pairs: ['messages_per_s', 'latency_ms', 'confirm_ms', 'cpu_s_per_million', 'generator_busy', 'lost'],
  'idle-tls': ['pss_per_conn', 'kernel_per_pair', 'connect_cpu_us', 'pss_base_mib'],
  idle: ['pss_per_conn', 'kernel_per_pair', 'connect_cpu_us', 'idle_cpu_us_per_min', 'pss_base_mib'],
  connect: ['connections_per_s', 'connect_cpu_us'],
  storm: ['messages', 'all_back_s', 'caught_up_s', 'lost'],
  join: ['joins_per_s', 'latency_ms', 'cpu_us', 'stored_bytes', 'rss_mib'],
  'room-message': ['last_ms', 'cpu_us', 'rss_mib', 'lost'],
  'first-answer': ['bytes', 'latency_ms', 'cpu_us', 'rss_mib'],
  conversations: ['pages', 'bytes', 'latency_ms', 'cpu_us', 'rss_mib'],
  durable: ['rows_per_s', 'commits_per_s', 'cpu_us_per_row', 'commit_ms'],
};
const losses = ['dup', 'reorder', 'closed'];
const cost = { fanout: 'cpu_s_per_million', churn: 'cpu_s_per_million', pairs: 'cpu_s_per_million', connect: 'connect_cpu_us' };
const percentiles = ['p50', 'p99', 'p999', 'max'];

const groupBy = (rows, keyOf) => {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
};
const median = (values) => {
  const sorted = values.filter((v) => typeof v === 'number').sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const text = (v) => {
  if (v === null) return '';
  return Math.abs(v) >= 1000 ? Math.round(v).toLocaleString('en') : String(Number(v.toPrecision(3)));
};
const cell = (rows, field) => {
  if (typeof rows[0][field] !== 'object' || rows[0][field] === null) return text(median(rows.map((r) => r[field])));
  return percentiles.map((p) => text(median(rows.map((r) => r[field][p])))).join(' / ');
};
/** The same transport of rawpush, whose one stream stands for NDJSON and for the iframe. */
const floorOf = (label) => `raw/${label.split('/').at(-1)}`;
const ratio = (rows, floor, field) => {
  const pairs = rows.flatMap((row, i) => (floor?.[i]?.[field] ? [row[field] / floor[i][field]] : []));
  return pairs.length ? median(pairs).toFixed(2) : '';
};

function table(part, rows) {
  const { workload, n, pairs, rate } = rows[0];
  const known = columns[workload] ?? [];
  const heads = [...known, ...losses.filter((field) => rows.some((row) => row[field]))];
  const withRatio = cost[workload] !== undefined;
  const size = n ?? pairs;
  console.log(`\n### ${part}: ${workload}${size ? ` ${size}` : ''}${rate ? ` at ${rate}/s` : ''}\n`);
  console.log(`| system | runs | ${[...heads, ...(withRatio ? ['× raw'] : [])].join(' | ')} |`);
  console.log(`|---|---${'|---'.repeat(heads.length + (withRatio ? 1 : 0))}|`);
  const systems = groupBy(rows, (row) => row.label);
  for (const [label, runs] of systems) {
    const cells = heads.map((field) => cell(runs, field));
    if (withRatio) cells.push(ratio(runs, systems.get(floorOf(label)), cost[workload]));
    console.log(`| ${label} | ${runs.length} | ${cells.join(' | ')} |`);
  }
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort()) {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n').filter((line) => line.startsWith('{'));
  const groups = groupBy(lines.map((line) => JSON.parse(line)), (row) => `${row.workload} ${row.n ?? row.pairs} ${row.rate}`);
  for (const rows of groups.values()) table(file.replace('.jsonl', ''), rows);
}
