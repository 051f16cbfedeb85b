import { svelte } from '@sveltejs/vite-plugin-svelte';
import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  base: './',
  build: {
    target: 'es2022',
    assetsDir: 'assets',
    // No data: addresses: the server sends its files with a strict Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: true,
  },
  server: {
    // The page's own origin goes through, so that the server sees Host and Origin agree.
    proxy: { '/v1': { target: serverOf(mode), ws: true, changeOrigin: false } },
  },
  test: { include: ['test/**/*.test.ts'] },
}));

/** Where `npm run dev` finds the server; `ENCKE_SERVER` overrules it. */
function serverOf(mode: string): string {
  return loadEnv(mode, '.', 'ENCKE_')['ENCKE_SERVER'] ?? 'http://127.0.0.1:8080';
}
