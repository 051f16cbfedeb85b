import { pack } from '@encke/ui/pack';

await pack(new URL('../dist', import.meta.url).pathname);
