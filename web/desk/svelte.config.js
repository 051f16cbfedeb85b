import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

// The page need not say by which version of Svelte it was made.
export default { preprocess: vitePreprocess(), compilerOptions: { discloseVersion: false } };
