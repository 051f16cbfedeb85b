import { pack } from '../../scripts/pack.mjs';

await pack(new URL('../dist', import.meta.url).pathname);
