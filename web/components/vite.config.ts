/* One module, dist/components.js, which the server serves as /components.js, and beside it what is seldom needed. */
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [withoutFrames()],
  build: {
    target: 'es2022',
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'components.js' },
    rolldownOptions: { output: { chunkFileNames: 'components/assets/[name]-[hash].js', minify: true } },
    modulePreload: false,
  },
  test: { include: ['test/**/*.test.ts'] },
});

/** No hidden frame among the transports: the policy of a strict page forbids it, and every browser that runs this has better ones. */
function withoutFrames(): Plugin {
  return {
    name: 'without-frames',
    enforce: 'pre',
    load: (id) =>
      id.endsWith('/sdk/src/transports/iframe.ts')
        ? "export const iframe = { name: 'iframe', supported: () => false };"
        : null,
  };
}
