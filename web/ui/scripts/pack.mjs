// What each screen's build ends with: its files once more as .br and .gz, as small as they get. The server sends them as they are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import zopfli from '@gfx/zopfli';

const gzip = promisify(zopfli.gzip);
const packable = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.txt']);
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

/** Packs the files of a folder, and returns the bytes of each under gzip by its path there. */
export async function pack(dist) {
  const bytes = new Map();
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !packable.has(extname(path))) continue;
    const plain = readFileSync(path);
    // The same format as that of gzip, found with more patience: 4 % less.
    const gz = await gzip(plain, { numiterations: 15 });
    bytes.set(relative(dist, path), gz.length);
    for (const [end, packed] of [
      ['br', brotliCompressSync(plain, quality)],
      ['gz', gz],
    ]) {
      if (packed.length < plain.length * 0.9) writeFileSync(`${path}.${end}`, packed);
    }
  }
  return bytes;
}
