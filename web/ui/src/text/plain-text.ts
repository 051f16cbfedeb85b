/** A text without its Markdown: for one line in a list, for a title, for a screen reader. */
import { markdown } from './markdown';
import type { Block, Inline } from './nodes';

export type NameOf = (mentioned: string) => string;

export function plainText(text: string, nameOf: NameOf): string {
  return markdown(text)
    .map((block) => ofBlock(block, nameOf))
    .join('\n');
}

function ofBlock(block: Block, nameOf: NameOf): string {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return ofInline(block.children, nameOf);
    case 'code':
      return block.text;
    case 'quote':
      return block.children.map((each) => ofBlock(each, nameOf)).join('\n');
    case 'list':
      return block.items
        .map((item, index) => {
          const mark = block.start === null ? '•' : `${block.start + index}.`;
          return `${mark} ${item.map((each) => ofBlock(each, nameOf)).join('\n')}`;
        })
        .join('\n');
    case 'table':
      return [block.head, ...block.rows]
        .map((row) => row.map((cell) => ofInline(cell, nameOf)).join(' '))
        .join('\n');
  }
}

function ofInline(nodes: readonly Inline[], nameOf: NameOf): string {
  return nodes
    .map((node) => {
      if (node.kind === 'mention') return `@${nameOf(node.person)}`;
      if (node.kind === 'emoji') return `:${node.name}:`;
      return 'children' in node ? ofInline(node.children, nameOf) : node.text;
    })
    .join('');
}
