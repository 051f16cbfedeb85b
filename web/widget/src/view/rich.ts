/* What somebody has written as elements: the nodes of @encke/ui's Markdown, shown as text and nothing else. */
import { inline, type Inline } from '@encke/ui/plain';
import { h } from '@encke/ui/elements';

/** Elements of a text; one with more is shown as it was written. */
const elementsMax = 500;

/** Paragraphs, headings, lists and code. Quotes and tables stay as they were written, which can be read in a chat. */
export function rich(text: string): Node[] {
  const found: Node[] = [];
  let lines: string[] = [];
  let isCode = false;
  const end = () => {
    const part = lines.join('\n');
    const items = lines.map((line) => /^\s*(?:[-*+]|\d{1,3}([.)]))\s+(.+)$/.exec(line));
    const first = items[0];
    lines = [];
    if (isCode) found.push(h('pre', { tabindex: 0 }, h('code', {}, part)));
    else if (first && items.every((item) => item !== null))
      found.push(
        h(
          first[1] === undefined ? 'ul' : 'ol',
          {},
          ...items.map((item) => h('li', {}, ...inlines(inline(item?.[2] ?? '')))),
        ),
      );
    else if (part.trim() !== '') found.push(h('p', {}, ...inlines(inline(part.trim()))));
  };
  for (const line of text.split('\n')) {
    const heading = /^#{1,4} +(.+)$/.exec(line);
    if (/^```[^`]*$/.test(line)) {
      end();
      isCode = !isCode;
    } else if (!isCode && heading !== null) {
      end();
      found.push(h('h3', {}, ...inlines(inline(heading[1] ?? ''))));
    } else if (!isCode && line.trim() === '') end();
    else lines.push(line);
  }
  end();
  return found.length <= elementsMax ? found : [h('p', {}, text)];
}

function inlines(nodes: readonly Inline[]): (Node | string)[] {
  return nodes.map((node) => {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'code':
        return h('code', {}, node.text);
      case 'strong':
      case 'em':
        return h(node.kind, {}, ...inlines(node.children));
      case 'strike':
        return h('s', {}, ...inlines(node.children));
      case 'link':
        return h(
          'a',
          { href: node.href, title: node.href, target: '_blank', rel: 'noopener noreferrer nofollow' },
          ...inlines(node.children),
        );
      case 'emoji':
        return `:${node.name}:`;
      case 'mention':
        return '@';
    }
  });
}
