/*
 * A safe subset of Markdown as nodes (nodes.ts): paragraphs, headings, code, quotes, lists and tables; inline.ts reads what is
 * within a line. What is not understood is text, so nothing that somebody wrote is ever lost. The work grows with the length
 * of the text and no faster, whatever it holds: lines are looked at once for each level, and levels are few.
 */
import { inline } from './inline';
import type { Alignment, Block, Cell } from './nodes';

/** Quotes and lists within one another; what lies deeper is shown as it was written. */
export const markdownDepthMax = 5;
export const tableColumnsMax = 16;
/** Rows of a table below its head; what follows is shown as it was written. */
export const tableRowsMax = 100;

const fence = /^ {0,3}(`{3,}|~{3,})/;
const heading = /^ {0,3}#{1,6}[ \t]+(\S.*)$/;
const quote = /^ {0,3}> ?/;
const item = /^( {0,3})([-*+]|\d{1,9}[.)])[ \t]+(?=\S)/;
const delimiters = /^ {0,3}\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?$/;

/** Nodes of a text; one with more is shown as it was written, so that nobody's browser stands still over a message. */
export const markdownNodesMax = 2_000;

export function markdown(text: string): Block[] {
  const found = blocks(text.split('\n'), 0);
  return nodesOf(found) <= markdownNodesMax
    ? found
    : [{ kind: 'paragraph', children: [{ kind: 'text', text }] }];
}

function nodesOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + nodesOf(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce((sum: number, each) => sum + nodesOf(each), 0);
}

function blocks(lines: readonly string[], depth: number): Block[] {
  const found: Block[] = [];
  let paragraph: string[] = [];
  const flush = (): void => {
    if (paragraph.length > 0) found.push({ kind: 'paragraph', children: inline(paragraph.join('\n')) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? '';
    const taken = line.trim() === '' ? { block: null, end: at + 1 } : blockAt(lines, at, depth);
    if (taken === null) {
      paragraph.push(line);
      at += 1;
      continue;
    }
    flush();
    if (taken.block !== null) found.push(taken.block);
    at = taken.end;
  }
  flush();
  return found;
}

interface Taken {
  readonly block: Block | null;
  readonly end: number;
}

/** The block that begins with a line and is no paragraph, and the line after it. */
function blockAt(lines: readonly string[], at: number, depth: number): Taken | null {
  const line = lines[at] ?? '';
  const fenced = fence.exec(line);
  const named = line.slice(fenced?.[0].length ?? 0).trim();
  if (fenced !== null && !named.includes('`'))
    return code(lines, at, fenced[1] ?? '', named.split(/\s/, 1)[0] ?? '');
  const title = heading.exec(line)?.[1];
  if (title !== undefined)
    return {
      block: { kind: 'heading', children: inline(title.replace(/[ \t]#+[ \t]*$/, '').trim()) },
      end: at + 1,
    };
  if (depth < markdownDepthMax) {
    if (quote.test(line)) return quoted(lines, at, depth);
    if (item.test(line)) return list(lines, at, depth);
  }
  return table(lines, at);
}

function code(lines: readonly string[], at: number, mark: string, language: string): Taken {
  const closing = new RegExp(`^ {0,3}\\${mark[0]}{${mark.length},}[ \\t]*$`);
  let end = at + 1;
  while (end < lines.length && !closing.test(lines[end] ?? '')) end += 1;
  const text = lines.slice(at + 1, end).join('\n');
  return { block: { kind: 'code', language: language.toLowerCase(), text }, end: end + 1 };
}

function quoted(lines: readonly string[], at: number, depth: number): Taken {
  let end = at;
  const inside: string[] = [];
  for (; end < lines.length && quote.test(lines[end] ?? ''); end += 1)
    inside.push((lines[end] ?? '').replace(quote, ''));
  return { block: { kind: 'quote', children: blocks(inside, depth + 1) }, end };
}

/** Items follow each other; lines that are further in than the list's marks belong to the item above them. */
function list(lines: readonly string[], at: number, depth: number): Taken {
  const first = item.exec(lines[at] ?? '');
  const numbered = /\d/.test(first?.[2] ?? '');
  const margin = first?.[1]?.length ?? 0;
  const items: string[][] = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const line = lines[end] ?? '';
    const begun = item.exec(line);
    const inner = indent(line) >= margin + 2;
    if (begun !== null && !inner && /\d/.test(begun[2] ?? '') === numbered)
      items.push([line.slice(begun[0].length)]);
    else if (inner) items.at(-1)?.push(line.slice(Math.min(indent(line), margin + (numbered ? 3 : 2))));
    else if (line.trim() !== '' || !continues(lines[end + 1] ?? '', margin, numbered)) break;
    else items.at(-1)?.push('');
  }
  const start = numbered ? Number.parseInt(first?.[2] ?? '1', 10) : null;
  return { block: { kind: 'list', start, items: items.map((each) => blocks(each, depth + 1)) }, end };
}

/** Whether a line after a blank one still belongs to the list. */
function continues(line: string, margin: number, numbered: boolean): boolean {
  const begun = item.exec(line);
  return (
    line.trim() !== '' &&
    (indent(line) >= margin + 2 || (begun !== null && /\d/.test(begun[2] ?? '') === numbered))
  );
}

function indent(line: string): number {
  return line.length - line.trimStart().length;
}

function table(lines: readonly string[], at: number): Taken | null {
  const below = lines[at + 1] ?? '';
  if (!(lines[at] ?? '').includes('|') || below.length > 400 || !delimiters.test(below)) return null;
  const head = cells(lines[at] ?? '');
  const columns = cells(below).map(alignment);
  if (head.length !== columns.length || columns.length > tableColumnsMax) return null;
  let end = at + 2;
  while (end < at + 2 + tableRowsMax && (lines[end] ?? '').includes('|')) end += 1;
  const rows = lines.slice(at + 2, end).map((line) => {
    const row = cells(line).map(inline);
    return columns.map((_, index): Cell => row[index] ?? []);
  });
  return { block: { kind: 'table', columns, head: head.map(inline), rows }, end };
}

/** The cells of a line. `\|` is a letter of a cell. */
function cells(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((each) => each.trim().replaceAll('\\|', '|'));
}

function alignment(mark: string): Alignment {
  if (!mark.endsWith(':')) return 'start';
  return mark.startsWith(':') ? 'center' : 'end';
}
