/*
 * Makes the emoji of the picker out of emojibase-data, as the module `virtual:emoji`: names and search words in English and
 * Chinese, and the short name that is typed after a colon. Without what nobody looks for it is a third of its size.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
/** Newer emoji are missing in the fonts of many devices. */
const version_max = 15.1;
/** Parts of others: skin tones, hair. */
const components = 2;

/** @returns {import('vite').Plugin} */
export function emojiData() {
  const name = 'virtual:emoji';
  return {
    name: 'emoji-data',
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load: (id) =>
      id === `\0${name}` ? `export default JSON.parse(${JSON.stringify(JSON.stringify(rows()))});` : null,
  };
}

/** Each: the emoji, its group, short name, English name, Chinese name, further words. */
function rows() {
  const english = require('emojibase-data/en/data.json');
  const chinese = new Map(
    require('emojibase-data/zh/data.json').map((/** @type {any} */ each) => [each.hexcode, each]),
  );
  const codes = require('emojibase-data/en/shortcodes/github.json');
  return english
    .filter(
      (/** @type {any} */ each) =>
        each.group !== undefined && each.group !== components && each.version <= version_max,
    )
    .sort((/** @type {any} */ a, /** @type {any} */ b) => a.order - b.order)
    .map((/** @type {any} */ each) => {
      const zh = chinese.get(each.hexcode);
      const [code = '', ...more] = [codes[each.hexcode] ?? []].flat();
      const words = [...more, ...(each.tags ?? []), ...(zh?.tags ?? [])].join(' ');
      return [plainest(each.emoji), each.group, code, each.label, zh?.label ?? '', words];
    });
}

/**
 * One that is shown in colour by itself goes without the selector that asks for colour, as keyboards type it: so the same
 * reaction is one reaction.
 * @param {string} emoji
 */
function plainest(emoji) {
  return /^\p{Emoji_Presentation}\ufe0f$/u.test(emoji) ? emoji.slice(0, -1) : emoji;
}
