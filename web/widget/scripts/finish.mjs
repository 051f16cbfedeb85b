// What the build ends with: the loader for old browsers, each file once more as .br and .gz, as small as it gets, and the checks that
// fail a build whose loader or page has grown.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import zopfli from '@gfx/zopfli';
import { asEs5 } from './es5.mjs';

/** Bytes under gzip. What a site's page loads before anybody clicks. */
const loaderBytesMax = 3 * 1024;
/** Bytes under gzip of everything that the iframe may ever load in one language, without what few visitors see. */
const pageBytesMax = 35 * 1024;
/** Bytes under gzip of the form for an address, which loads while nobody is on duty and at the end of a question. */
const mailBytesMax = 2 * 1024;

const gzip = promisify(zopfli.gzip);
const packable = new Set(['.html', '.js', '.css', '.svg']);
const dist = new URL('../dist', import.meta.url).pathname;
const loader = join(dist, 'widget.js');
writeFileSync(loader, asEs5(readFileSync(loader, 'utf8')));
const bytes = { loader: 0, page: 0, mail: 0, words: [] };

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !packable.has(extname(path))) continue;
  const plain = readFileSync(path);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  // The same format as that of gzip, found with more patience: 4 % less.
  const gz = await gzip(plain, { numiterations: 15 });
  if (path === loader) bytes.loader = gz.length;
  else if (/^(en|zh-CN)-/.test(entry.name)) bytes.words.push(gz.length);
  else if (entry.name.startsWith('mail-')) bytes.mail += gz.length;
  // The page on which it is tried is no part of it.
  else if (!entry.name.startsWith('try.')) bytes.page += gz.length;
  for (const [end, packed] of [
    ['br', brotliCompressSync(plain, quality)],
    ['gz', gz],
  ]) {
    if (packed.length < plain.length * 0.9) writeFileSync(`${path}.${end}`, packed);
  }
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
if (page > pageBytesMax) throw new Error('The widget is too large.');
