// Packs the page, and fails a build whose first load has grown.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from '@encke/ui/pack';

const dist = new URL('../dist', import.meta.url).pathname;

// The page itself without the room that makes it easy to read.
const written = join(dist, 'index.html');
writeFileSync(written, readFileSync(written, 'utf8').replace(/\n\s+/g, ' '));
const packed = await pack(dist);

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
