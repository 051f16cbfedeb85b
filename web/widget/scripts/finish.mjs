// What the build ends with: the loader for old browsers, the packed files, and the checks that fail a build whose loader or page has grown.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pack } from '@encke/ui/pack';
import { asEs5 } from './es5.mjs';

/** Bytes under gzip. What a site's page loads before anybody clicks. */
const loaderBytesMax = 3 * 1024;
/** Bytes under gzip of everything that the iframe may ever load in one language, without what few visitors see. */
const pageBytesMax = 35 * 1024;
/** Bytes under gzip of the form for an address, which loads while nobody is on duty and at the end of a question. */
const mailBytesMax = 2 * 1024;
/** Bytes under gzip of what a desk asks before the first message, which loads only where a desk asks. */
const formBytesMax = 2 * 1024;

const dist = new URL('../dist', import.meta.url).pathname;
const loader = join(dist, 'widget.js');
writeFileSync(loader, asEs5(readFileSync(loader, 'utf8')));
const bytes = { loader: 0, page: 0, mail: 0, form: 0, words: [] };

for (const [file, count] of await pack(dist)) {
  const name = basename(file);
  if (file === 'widget.js') bytes.loader = count;
  else if (/^(en|zh-CN)-/.test(name)) bytes.words.push(count);
  else if (name.startsWith('mail-')) bytes.mail += count;
  else if (name.startsWith('form-')) bytes.form += count;
  // The page on which it is tried is no part of it.
  else if (!name.startsWith('try.')) bytes.page += count;
}

if (bytes.words.length !== 2)
  throw new Error(`There are ${bytes.words.length} files of words, for two languages.`);
// The larger language counts.
const page = bytes.page + Math.max(...bytes.words);
const kb = (count) => (count / 1024).toFixed(1);
console.log(`loader: ${kb(bytes.loader)} KB under gzip, of ${loaderBytesMax / 1024} at most`);
console.log(`widget: ${kb(page)} KB under gzip, of ${pageBytesMax / 1024} at most`);
if (bytes.loader > loaderBytesMax) throw new Error('The loader is too large.');
if (bytes.mail > mailBytesMax) throw new Error('The form for an address is too large.');
if (bytes.form > formBytesMax) throw new Error('The form before the chat is too large.');
if (page > pageBytesMax) throw new Error('The widget is too large.');
