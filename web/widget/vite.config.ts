/* The page in the iframe, which is also the page at /ask/KEY. */
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [withoutPreloads(), withoutSentences(), withoutFrames(), withoutUnusedTokens()],
  // Absolute: the same page is served at /widget/ and at /ask/KEY.
  base: '/widget/',
  build: {
    target: 'es2022',
    outDir: 'dist/widget',
    assetsDir: 'assets',
    // No data: addresses: the server sends its files with a strict Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  test: { include: ['test/**/*.test.ts'] },
});

/** Files that come later have no styles of their own, so what would fetch those ahead of them is dead weight. */
function withoutPreloads(): Plugin {
  return {
    name: 'without-preloads',
    enforce: 'pre',
    load: (id) =>
      id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load();' : null,
  };
}

/** Why something failed is said in the visitor's words, by its code (`error` in src/i18n); the SDK's own sentences are for programs. */
function withoutSentences(): Plugin {
  return {
    name: 'without-sentences',
    enforce: 'pre',
    transform: (code, id) =>
      /\/sdk\/src\/[\w/-]+\.ts$/.test(id)
        ? code.replace(/(ApiError\.local\(\s*'\w+',\s*)(?:'[^'\n]*'|`[^`\n]*`)/g, "$1''")
        : null,
  };
}

/** No frame among the transports: this page may not be framed by a site's, so it frames nothing either. */
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

/** The theme has colours for every screen; those that this one never uses stay at home. */
function withoutUnusedTokens(): Plugin {
  return {
    name: 'without-unused-tokens',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !file.fileName.endsWith('.css')) continue;
        // Nobody chooses a theme here: the device does.
        const css = String(file.source).replace(/:root\[data-theme=[^{]*\{[^}]*\}/, '');
        const used = new Set([...css.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name));
        file.source = css.replace(/(--[\w-]+):[^;{}]*(;|(?=\}))/g, (whole, name: string) =>
          used.has(name) ? whole : '',
        );
      }
    },
  };
}
