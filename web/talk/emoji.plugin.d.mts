export function emojiData(): import('vite').Plugin;
