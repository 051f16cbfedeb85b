/* Finds the words of code that have a colour. It has a thread of its own: a grammar may need long for code that was made for that. */
import { common, createLowlight } from 'lowlight';

/** A piece of code and its look; an empty one is plain. */
export interface Token {
  readonly text: string;
  readonly look: '' | 'keyword' | 'string' | 'number' | 'comment' | 'name';
}
export interface Wanted {
  readonly number: number;
  readonly language: string;
  readonly text: string;
}
export interface Found {
  readonly number: number;
  /** Null if nobody knows the language. */
  readonly tokens: readonly Token[] | null;
}

const looks: Readonly<Record<string, Token['look']>> = {
  'hljs-keyword': 'keyword',
  'hljs-built_in': 'keyword',
  'hljs-literal': 'keyword',
  'hljs-selector-tag': 'keyword',
  'hljs-meta': 'comment',
  'hljs-comment': 'comment',
  'hljs-quote': 'comment',
  'hljs-string': 'string',
  'hljs-regexp': 'string',
  'hljs-addition': 'string',
  'hljs-number': 'number',
  'hljs-symbol': 'number',
  'hljs-deletion': 'number',
  'hljs-title': 'name',
  'hljs-name': 'name',
  'hljs-attr': 'name',
  'hljs-attribute': 'name',
  'hljs-section': 'name',
  'hljs-type': 'name',
  'hljs-selector-class': 'name',
};

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly properties?: { readonly className?: unknown };
  readonly children?: readonly Node[];
}

function tokensOf(nodes: readonly Node[], look: Token['look'], into: Token[]): Token[] {
  for (const node of nodes) {
    if (node.value !== undefined) {
      const last = into.at(-1);
      if (last?.look === look) into[into.length - 1] = { look, text: last.text + node.value };
      else into.push({ look, text: node.value });
    }
    const names: unknown = node.properties?.className;
    const [name] = Array.isArray(names) ? names : [];
    tokensOf(node.children ?? [], looks[String(name)] ?? look, into);
  }
  return into;
}

const lowlight = createLowlight(common);

export function tokens(language: string, text: string): readonly Token[] | null {
  if (!lowlight.registered(language)) return null;
  const root: { readonly children: readonly Node[] } = lowlight.highlight(language, text);
  return tokensOf(root.children, '', []);
}

// In a test there is no thread of its own.
if (typeof document === 'undefined' && typeof self !== 'undefined')
  self.onmessage = ({ data }: MessageEvent<Wanted>) => {
    const found: Found = { number: data.number, tokens: tokens(data.language, data.text) };
    self.postMessage(found);
  };
