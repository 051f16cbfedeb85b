/* The loader, which a site's page names: one plain script, dist/widget.js. */
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    // The oldest that the bundler knows. The source holds to ES5, and scripts/finish.mjs checks what came out.
    target: 'es2015',
    outDir: 'dist',
    emptyOutDir: false,
    lib: {
      entry: 'src/loader/loader.ts',
      name: 'EnckeDeskLoader',
      formats: ['iife'],
      fileName: () => 'widget.js',
    },
  },
});
