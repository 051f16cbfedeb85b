// What the build ends with: the packed files, and the check that fails a build that has grown.
import { basename } from 'node:path';
import { pack } from '@encke/ui/pack';

/** Bytes under gzip of everything that a page with a conversation loads. */
const bytesMax = 60 * 1024;

let bytes = 0;
for (const [file, count] of await pack(new URL('../dist', import.meta.url).pathname))
  if (basename(file).endsWith('.js')) bytes += count;
const kb = (count) => (count / 1024).toFixed(1);
console.log(`components: ${kb(bytes)} KB under gzip, of ${bytesMax / 1024} at most`);
if (bytes > bytesMax) throw new Error('The components are too large.');
