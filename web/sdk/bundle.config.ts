/* The SDK as one file for pages that have no build step. The server serves it as /encke.js. */
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    lib: { entry: 'src/browser.ts', name: 'Encke', formats: ['iife'], fileName: () => 'encke.js' },
    outDir: 'bundle',
  },
});
