/*
 * The marks within a line of Markdown: bold, italic, strike, code, links, mentions and emoji of the site's own. One pass from left to right. At most one
 * mark of each kind waits for its end, so what was read is never read again and nothing lies deeper than there are kinds.
 * Differs from CommonMark where that fails people who chat: `**你好。**世界` is bold (CommonMark wants a space there), single
 * marks inside a word are text (`2*3*4`, `snake_case`), and HTML is text.
 */
import type { Inline } from './nodes';
import { addresses, safeHref, type Address } from './addresses';

/** The letters of a link's own name; a longer one is shown as it was written. */
const nameLettersMax = 300;

type Marks = '*' | '**' | '***' | '_' | '__' | '~~';
const wraps: Readonly<Record<Marks, readonly ('strong' | 'em' | 'strike')[]>> = {
  '*': ['em'],
  _: ['em'],
  '**': ['strong'],
  __: ['strong'],
  '***': ['em', 'strong'],
  '~~': ['strike'],
};

/** A mark that waits for its end, and what came since. */
interface Open {
  readonly marks: Marks;
  readonly children: Inline[];
}

const named = new RegExp(
  `\\[([^\\[\\]\\n]{1,${nameLettersMax}})\\]\\(([^\\s()<>]{1,2000}(?:\\([^\\s()<>]{0,200}\\)[^\\s()<>]{0,200})?)\\)`,
  'y',
);
const mention = /<@(p\d{1,19}|all)>/y;
const emoji = /:([a-z0-9][a-z0-9_+-]{1,31}):/y;
const escaped = /\\([\\`*_~[\]()<>#|@:.!+-])/y;
const letter = /[\p{L}\p{N}]/u;
const han = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

export function inline(text: string): Inline[] {
  return new Line(text, true).read();
}

class Line {
  readonly #open: Open[] = [];
  readonly #root: Inline[] = [];
  readonly #addresses: readonly Address[];
  #ticks: ReadonlyMap<number, number> | null = null;
  #plain = '';

  constructor(
    private readonly text: string,
    /** False inside of a link's name: there are no links within links. */
    private readonly links: boolean,
  ) {
    this.#addresses = links ? addresses(text) : [];
  }

  read(): Inline[] {
    const { text } = this;
    let address = 0;
    for (let at = 0; at < text.length;) {
      const next = this.#addresses[address];
      if (next !== undefined && next.start < at) {
        address += 1;
        continue;
      }
      const end = (next?.start ?? 0) + (next?.text.length ?? 0);
      const angled = next?.start === at + 1 && text[at] === '<' && text[end] === '>';
      if (next !== undefined && (next.start === at || angled)) {
        this.#add({ kind: 'link', href: next.href, children: [{ kind: 'text', text: next.text }] });
        at = angled ? end + 1 : end;
        continue;
      }
      at = this.#special(at) ?? this.#letter(at);
    }
    while (this.#open.length > 0) this.#isText(0);
    this.#flush();
    return this.#root;
  }

  /** Reads what begins at `at`, if that is more than a letter, and answers where it ends. */
  #special(at: number): number | null {
    switch (this.text[at]) {
      case '\\': {
        const taken = match(escaped, this.text, at);
        if (taken === null) return null;
        this.#plain += taken[1] ?? '';
        return at + 2;
      }
      case '`':
        return this.#code(at);
      case '[':
        return this.links ? this.#link(at) : null;
      case '<': {
        const taken = match(mention, this.text, at);
        if (taken === null) return null;
        this.#add({ kind: 'mention', person: taken[1] ?? '' });
        return at + taken[0].length;
      }
      case ':': {
        const taken = match(emoji, this.text, at);
        if (taken === null) return null;
        this.#add({ kind: 'emoji', name: taken[1] ?? '' });
        return at + taken[0].length;
      }
      case '*':
      case '_':
      case '~':
        return this.#marks(at);
      default:
        return null;
    }
  }

  #letter(at: number): number {
    this.#plain += this.text[at];
    return at + 1;
  }

  #code(at: number): number {
    const { text } = this;
    const begin = runEnd(text, at);
    this.#ticks ??= ends(text);
    const end = this.#ticks.get(at);
    if (end === undefined) {
      this.#plain += text.slice(at, begin);
      return begin;
    }
    const inside = text.slice(begin, end);
    // A blank on both sides lets code begin or end with a backtick.
    const trimmed = /^ .*[^ ].* $/s.test(inside) ? inside.slice(1, -1) : inside;
    this.#add({ kind: 'code', text: trimmed });
    return end + (begin - at);
  }

  #link(at: number): number | null {
    const taken = match(named, this.text, at);
    if (taken === null) return null;
    const [whole, name = '', target = ''] = taken;
    const href = safeHref(target);
    if (href === null || isDisguise(name, href)) return null;
    this.#add({ kind: 'link', href, children: new Line(name, false).read() });
    return at + whole.length;
  }

  #marks(at: number): number {
    const { text } = this;
    const end = runEnd(text, at);
    const run = text.slice(at, end);
    if (!isMarks(run)) {
      this.#plain += run;
      return end;
    }
    const before = text[at - 1] ?? ' ';
    const after = text[end] ?? ' ';
    const inWord = run.length === 1 && isLatin(before) && isLatin(after);
    const waiting = this.#open.findIndex((each) => each.marks === run);
    if (waiting >= 0 && before.trim() !== '' && !inWord && this.#close(waiting)) return end;
    if (after.trim() === '' || inWord) {
      this.#plain += run;
      return end;
    }
    if (waiting >= 0) this.#isText(waiting);
    this.#flush();
    this.#open.push({ marks: run, children: [] });
    return end;
  }

  /** Ends a mark; those that began inside of it and did not end are text. False if there would be nothing inside. */
  #close(index: number): boolean {
    while (this.#open.length > index + 1) this.#isText(this.#open.length - 1);
    this.#flush();
    const open = this.#open[index];
    if (open === undefined || open.children.length === 0) return false;
    this.#open.pop();
    let children: readonly Inline[] = open.children;
    for (const kind of wraps[open.marks]) children = [{ kind, children }];
    for (const child of children) this.#into().push(child);
    return true;
  }

  /** A mark that has no end is text. */
  #isText(index: number): void {
    if (index === this.#open.length - 1) this.#flush();
    const [open] = this.#open.splice(index, 1);
    if (open === undefined) return;
    const into = this.#open[index - 1]?.children ?? this.#root;
    append(into, { kind: 'text', text: open.marks });
    for (const child of open.children) append(into, child);
  }

  #add(node: Inline): void {
    this.#flush();
    this.#into().push(node);
  }

  #flush(): void {
    if (this.#plain !== '') append(this.#into(), { kind: 'text', text: this.#plain });
    this.#plain = '';
  }

  #into(): Inline[] {
    return this.#open.at(-1)?.children ?? this.#root;
  }
}

function append(into: Inline[], node: Inline): void {
  const last = into.at(-1);
  if (node.kind === 'text' && last?.kind === 'text')
    into[into.length - 1] = { kind: 'text', text: last.text + node.text };
  else into.push(node);
}

function isMarks(run: string): run is Marks {
  return run in wraps;
}

function isLatin(character: string): boolean {
  return letter.test(character) && !han.test(character);
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function runEnd(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end;
}

/** For each run of backticks the place of the next one that is as long. */
function ends(text: string): ReadonlyMap<number, number> {
  const next = new Map<number, number>();
  const latest = new Map<number, number>();
  for (const { index, 0: run } of text.matchAll(/`+/g)) {
    const before = latest.get(run.length);
    if (before !== undefined) next.set(before, index);
    latest.set(run.length, index);
  }
  return next;
}

/** Whether a link's name looks like the address of another site. */
function isDisguise(name: string, href: string): boolean {
  const shown = /(?:https?:\/\/|www\.)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})/iu.exec(
    name.slice(0, nameLettersMax),
  )?.[1];
  if (shown === undefined) return false;
  const host = new URL(href).hostname.replace(/^www\./, '');
  return !host.endsWith(shown.toLowerCase().replace(/^www\./, ''));
}
