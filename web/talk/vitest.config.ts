import { defineConfig } from 'vitest/config';
import { emojiData } from './emoji.plugin.mjs';

export default defineConfig({ plugins: [emojiData()], test: { include: ['test/**/*.test.ts'] } });
