// What a minifier writes for new browsers, as ES5 says it: strings without an expression, and those with one.
import { parse } from 'acorn';

/** The script without template literals. Throws if there is anything else that ES5 does not know. */
export function asEs5(script) {
  const templates = [];
  visit(parse(script, { ecmaVersion: 'latest' }), (node) => {
    if (node.type === 'TemplateLiteral') templates.push(node);
  });
  let text = script;
  // From the last to the first, and from the inside to the outside, so that places stay right.
  for (const node of templates.sort((a, b) => b.start - a.start)) {
    if (node.expressions.length > 0) throw new Error('The loader has a template with an expression in it.');
    const plain = JSON.stringify(node.quasis[0].value.cooked);
    text = text.slice(0, node.start) + plain + text.slice(node.end);
  }
  parse(text, { ecmaVersion: 5 });
  return text;
}

function visit(node, look) {
  if (Array.isArray(node)) return node.forEach((each) => visit(each, look));
  if (typeof node !== 'object' || node === null) return;
  if (typeof node.type === 'string') look(node);
  for (const value of Object.values(node)) visit(value, look);
}
