// Writes each built file once more as .br and .gz, as small as it gets: the server sends them as they are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import zopfli from '@gfx/zopfli';

// The same format as that of gzip, found with more patience: 4 % less.
const gzip = promisify(zopfli.gzip);
const packed = new Map();
const packable = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.txt']);
const dist = new URL('../dist', import.meta.url).pathname;

// The page itself without the room that makes it easy to read.
const written = join(dist, 'index.html');
writeFileSync(written, readFileSync(written, 'utf8').replace(/\n\s+/g, ' '));

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !packable.has(extname(path))) continue;
  const plain = readFileSync(path);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  const gz = await gzip(plain, { numiterations: 15 });
  packed.set(relative(dist, path), gz.length);
  for (const [end, bytes] of [
    ['br', brotliCompressSync(plain, quality)],
    ['gz', gz],
  ]) {
    if (bytes.length < plain.length * 0.9) writeFileSync(`${path}.${end}`, bytes);
  }
}

// What a first visit loads: the page, and what it names itself. The rest comes later, when it is needed.
const firstBytesMax = 100 * 1024;
const page = readFileSync(join(dist, 'index.html'), 'utf8');
const named = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name);
// Files that the first ones import at once belong to them, too.
for (const name of named) {
  if (!name.endsWith('.js')) continue;
  const text = readFileSync(join(dist, name), 'utf8');
  for (const [, file] of text.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+\.js)"/g))
    if (!named.includes(`assets/${file}`)) named.push(`assets/${file}`);
}
// So do the words of one language. The larger one counts.
const words = readdirSync(join(dist, 'assets')).filter((name) => /^words-.*\.js$/.test(name));
if (words.length !== 2) throw new Error(`There are ${words.length} files of words, for two languages.`);
const wordsMax = Math.max(...words.map((name) => packed.get(`assets/${name}`)));
const first = ['index.html', ...named].reduce((sum, name) => sum + packed.get(name), wordsMax);
console.log(`first load: ${(first / 1024).toFixed(1)} KB under gzip, of ${firstBytesMax / 1024} at most`);
if (first > firstBytesMax) throw new Error('The first load is too large: load what is seldom needed later.');
