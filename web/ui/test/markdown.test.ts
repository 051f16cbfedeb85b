import { describe, expect, it } from 'vitest';
import {
  addresses,
  markdown,
  markdownDepthMax,
  markdownNodesMax,
  plainText,
  safeHref,
  tableRowsMax,
  type Block,
  type Inline,
} from '../src/plain';

/** A short form of nodes, so that a test reads like what it shows. */
const short = (nodes: readonly Inline[]): string =>
  nodes
    .map((node) => {
      if (node.kind === 'text') return node.text;
      if (node.kind === 'mention') return `<@${node.person}>`;
      if (node.kind === 'emoji') return `<:${node.name}:>`;
      if (node.kind === 'code') return `<code>${node.text}</code>`;
      if (node.kind === 'link') return `<${node.href}>${short(node.children)}</a>`;
      return `<${node.kind}>${short(node.children)}</${node.kind}>`;
    })
    .join('');
const line = (text: string): string => {
  const [block, ...more] = markdown(text);
  expect(more).toEqual([]);
  return block?.kind === 'paragraph' ? short(block.children) : `a ${block?.kind}`;
};
const kinds = (blocks: readonly Block[]): string[] => blocks.map((block) => block.kind);

describe('addresses in a text', () => {
  const links = (text: string): string[] => addresses(text).map((each) => each.text);
  it('takes a name between colons for an emoji of the site’s own, and a view shows one that there is not as text', () => {
    expect(line('Done :shipit:, 好:party_parrot:！')).toBe('Done <:shipit:>, 好<:party_parrot:>！');
    expect(plainText('Done :shipit: at 10:30:45', () => '')).toBe('Done :shipit: at 10:30:45');
    for (const text of [':a:', ':A B:', ': ok :', ':中文:', `:${'x'.repeat(33)}:`, '`:shipit:`'])
      expect(line(text)).not.toContain('<:');
    expect(line('\\:shipit:')).toBe(':shipit:');
    expect(line('https://example.org/:ab:')).not.toContain('<:');
  });

  it('are http, https and mailto', () => {
    const text = 'a https://a.example/b?c=1#d, b (http://e.example/f_(g)) mailto:a@b.example.';
    expect(links(text)).toEqual([
      'https://a.example/b?c=1#d',
      'http://e.example/f_(g)',
      'mailto:a@b.example',
    ]);
  });
  it('end where Chinese text or punctuation goes on without a space', () => {
    expect(links('看https://a.example/x。然后')).toEqual(['https://a.example/x']);
    expect(links('（https://a.example/y）和 https://b.example/路')).toEqual([
      'https://a.example/y',
      'https://b.example/',
    ]);
  });
  it('are never of another scheme, nor hide their host', () => {
    for (const text of [
      'javascript:alert(1)',
      'data:text/html,x',
      'https://good.example@evil.example/',
      'https://',
    ])
      expect(links(text), text).toEqual([]);
    for (const text of [
      'javascript:alert(1)',
      'vbscript:x',
      'file:///etc/passwd',
      'https://a:b@c.example/',
      'mailto:x',
    ])
      expect(safeHref(text), text).toBeNull();
  });
});

describe('marks within a line', () => {
  it('are bold, italic, strike and code', () => {
    expect(line('a **b** *c* __d__ _e_ ~~f~~ `g` ***h***')).toBe(
      'a <strong>b</strong> <em>c</em> <strong>d</strong> <em>e</em> <strike>f</strike> <code>g</code> <strong><em>h</em></strong>',
    );
    expect(line('**a *b* c**')).toBe('<strong>a <em>b</em> c</strong>');
  });
  it('stand beside Chinese letters and punctuation without a space', () => {
    expect(line('**你好。**世界')).toBe('<strong>你好。</strong>世界');
    expect(line('这是*重点*内容')).toBe('这是<em>重点</em>内容');
  });
  it('are text where they have no end, within words, and behind a backslash', () => {
    for (const text of [
      '2*3*4',
      'snake_case_name',
      'a * b * c',
      '**',
      '****',
      '*a',
      '**a*',
      '~a~',
      '- ',
      '_',
    ])
      expect(line(text), text).toBe(text);
    expect(line('\\*a\\* \\`b')).toBe('*a* `b');
    expect(line('C:\\dir')).toBe('C:\\dir');
  });
  it('keep every letter when they cross', () => {
    expect(line('*a **b* c**')).toBe('<em>a **b</em> c**');
    expect(line('*a *b*')).toBe('*a <em>b</em>');
  });
  it('are letters inside of code and addresses', () => {
    expect(line('`**a**` ``b`c``')).toBe('<code>**a**</code> <code>b`c</code>');
    expect(line('**https://a.example/b_c_d**')).toBe(
      '<strong><https://a.example/b_c_d>https://a.example/b_c_d</a></strong>',
    );
    expect(line('`https://a.example`')).toBe('<code>https://a.example</code>');
  });
  it('take brackets from around an address', () => {
    expect(line('see <https://a.example/x>, <b>')).toBe(
      'see <https://a.example/x>https://a.example/x</a>, <b>',
    );
    expect(line('<https://a.example/x y>')).toBe('<<https://a.example/x>https://a.example/x</a> y>');
    expect(line('<javascript:alert(1)>')).toBe('<javascript:alert(1)>');
  });
  it('name a link, but never as another site, and never for a script', () => {
    expect(line('[the *page*](https://a.example/x)')).toBe('<https://a.example/x>the <em>page</em></a>');
    expect(line('[a.example](https://www.a.example/x)')).toContain('</a>');
    for (const text of [
      '[x](javascript:alert(1))',
      '[x](data:text/html,x)',
      '[x](/here)',
      '[bank.example](https://evil.test/)',
    ])
      expect(line(text), text).not.toMatch(/^<[^>]*>\w[^<]*<\/a>$/);
    expect(line('[x](javascript:alert(1))')).toBe('[x](javascript:alert(1))');
  });
  it('name people', () => {
    expect(line('<@p12> and <@all>, not <@c1> or <b>')).toBe('<@p12> and <@all>, not <@c1> or <b>');
    expect(plainText('**Hi** <@p12>!', () => 'Mei')).toBe('Hi @Mei!');
  });
  it('leave line breaks and HTML as they are', () => {
    expect(line('a\n  b <img src=x onerror=alert(1)> &amp;')).toBe(
      'a\n  b <img src=x onerror=alert(1)> &amp;',
    );
  });
});

describe('blocks', () => {
  it('are paragraphs, headings, code, quotes and lists', () => {
    const text = '# Title\ntext\n\n```TS\nconst **a** = 1;\n```\n> said\n> more\n- a\n  - b\n- c\n\nend';
    const blocks = markdown(text);
    expect(kinds(blocks)).toEqual(['heading', 'paragraph', 'code', 'quote', 'list', 'paragraph']);
    expect(blocks[2]).toEqual({ kind: 'code', language: 'ts', text: 'const **a** = 1;' });
    const list = blocks[4];
    expect(list?.kind === 'list' && list.items.map((each) => kinds(each))).toEqual([
      ['paragraph', 'list'],
      ['paragraph'],
    ]);
  });
  it('keep the first number of a list', () => {
    expect(markdown('3. c\n4. d')[0]).toMatchObject({ kind: 'list', start: 3 });
  });
  it('take code to the end of the text if nobody closed it', () => {
    expect(markdown('```\na\n\n> b')).toEqual([{ kind: 'code', language: '', text: 'a\n\n> b' }]);
  });
  it('are tables of a bounded size', () => {
    const table = (rows: number, columns = 2): string =>
      [
        `${'|a'.repeat(columns)}|`,
        `${'|:-:'.repeat(columns)}|`,
        ...Array.from({ length: rows }, () => '|x|y\\|z|'),
      ].join('\n');
    const [small] = markdown(table(2));
    expect(small).toMatchObject({ kind: 'table', columns: ['center', 'center'] });
    expect(small?.kind === 'table' && small.rows[0]?.map(short)).toEqual(['x', 'y|z']);
    expect(kinds(markdown(table(tableRowsMax)))).toEqual(['table']);
    expect(kinds(markdown(table(tableRowsMax + 1)))).toEqual(['table', 'paragraph']);
    expect(kinds(markdown(table(1, 40)))).not.toContain('table');
  });
});

describe('a text made to harm', () => {
  const letters = 16_384;
  const bombs: Record<string, string> = {
    stars: '*a ',
    bold: '**a',
    mixed: '_a*',
    all: '*_~~**__a',
    brackets: '[',
    links: '[a](',
    images: '![a](x',
    ticks: '`a``',
    quotes: '>',
    lists: '- ',
    numbers: '1. ',
    items: '- a\n  ',
    tables: '|-|-|\n',
    cells: '|a',
    fences: '```a`\n',
    escapes: '\\*',
    mentions: '<@p1>',
    emoji: ':ab:',
    addresses: 'https://a(',
    hashes: ' #',
    blanks: '\n',
    openings: '<@',
    deep: '> - ',
  };
  it('is read to its end, and lies no deeper than the bound', () => {
    for (const [name, part] of Object.entries(bombs)) {
      const blocks = markdown(part.repeat(Math.ceil(letters / part.length)));
      expect(depth(blocks), name).toBeLessThanOrEqual(markdownDepthMax + 1);
      expect(JSON.stringify(blocks).split('"kind"').length, name).toBeLessThanOrEqual(markdownNodesMax + 1);
    }
  });
});

function depth(blocks: readonly Block[]): number {
  const below = blocks.flatMap((block) =>
    block.kind === 'quote' ? [block.children] : block.kind === 'list' ? block.items : [],
  );
  return 1 + Math.max(0, ...below.map(depth));
}
