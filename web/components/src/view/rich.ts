/* What somebody has written as elements: the nodes of @encke/ui's Markdown, shown as text and nothing else. */
import { markdown, type Block, type Inline } from '@encke/ui/plain';
import { h } from '@encke/ui/elements';

/** The name of somebody who is called; `all` is everybody. */
type NameOf = (person: string) => string;

export function rich(text: string, nameOf: NameOf): Node[] {
  return markdown(text).map((block) => blockOf(block, nameOf));
}

function blockOf(block: Block, nameOf: NameOf): HTMLElement {
  const within = (children: readonly Inline[]) => inlines(children, nameOf);
  switch (block.kind) {
    case 'paragraph':
      return h('p', {}, ...within(block.children));
    case 'heading':
      return h('p', {}, h('strong', {}, ...within(block.children)));
    case 'code':
      return h('pre', { tabindex: 0 }, h('code', {}, block.text));
    case 'quote':
      return h('blockquote', {}, ...block.children.map((each) => blockOf(each, nameOf)));
    case 'list': {
      const items = block.items.map((item) => h('li', {}, ...item.map((each) => blockOf(each, nameOf))));
      return block.start === null ? h('ul', {}, ...items) : h('ol', { start: block.start }, ...items);
    }
    case 'table': {
      const head = h('tr', {}, ...block.head.map((cell) => h('th', {}, ...within(cell))));
      const rows = block.rows.map((row) => h('tr', {}, ...row.map((cell) => h('td', {}, ...within(cell)))));
      return h('div', { class: 'table', tabindex: 0 }, h('table', {}, head, ...rows));
    }
  }
}

function inlines(nodes: readonly Inline[], nameOf: NameOf): (Node | string)[] {
  return nodes.map((node) => {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'code':
        return h('code', {}, node.text);
      case 'strong':
      case 'em':
        return h(node.kind, {}, ...inlines(node.children, nameOf));
      case 'strike':
        return h('s', {}, ...inlines(node.children, nameOf));
      case 'link':
        return h(
          'a',
          { href: node.href, title: node.href, target: '_blank', rel: 'noopener noreferrer nofollow' },
          ...inlines(node.children, nameOf),
        );
      case 'emoji':
        return `:${node.name}:`;
      case 'mention':
        return h('span', { class: 'mention' }, `@${nameOf(node.person)}`);
    }
  });
}
