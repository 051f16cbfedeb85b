import { svelte } from '@sveltejs/vite-plugin-svelte';
import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';
import { emojiData } from '@encke/talk/emoji-plugin';

/** The addresses that the server answers, besides the page. */
const served = ['/v1', '/openapi.json', '/healthz', '/readyz', '/metrics'];

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), emojiData()],
  base: './',
  build: {
    target: 'es2022',
    assetsDir: 'assets',
    // No data: addresses: the server sends its files with a strict Content-Security-Policy.
    assetsInlineLimit: 0,
    // The page names the files that its script imports, so that they come beside it. Parts that come later name only their styles.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_file, files, { hostType }) =>
        hostType === 'html' ? files : files.filter((file) => file.endsWith('.css')),
    },
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        // The words of all packages in one language are one file: they are needed together, before anything is shown.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'words-en', test: /\/src\/i18n\/en\.ts$/ },
            { name: 'words-zh-CN', test: /\/src\/i18n\/zh-CN\.ts$/ },
            // Small parts of the first load that later parts need, too: one file of them packs better than four.
            { name: 'common', test: /\/(clock|errors|addresses)\.(ts|js)$/ },
          ],
        },
      },
    },
  },
  server: {
    // The browser's own Host and Origin go through, so that the server sees them agree. Nothing on the way keeps an answer back:
    // streams pass piece by piece.
    proxy: Object.fromEntries(
      served.map((path) => [path, { target: serverOf(mode), ws: true, changeOrigin: false }]),
    ),
  },
  test: { include: ['test/**/*.test.ts'] },
}));

/** Where Vite finds the server: `make dev` sets `ENCKE_SERVER`. */
function serverOf(mode: string): string {
  return loadEnv(mode, '.', 'ENCKE_')['ENCKE_SERVER'] ?? 'http://127.0.0.1:8080';
}
