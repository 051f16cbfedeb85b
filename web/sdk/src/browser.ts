/**
 * The SDK for a script tag: it becomes the global `Encke`, with the address of the server that the script came from. Only
 * this file, besides `environment.ts`, touches a global.
 */
export * from './index.js';

/** The server that sent this script; '' where the page is not a browser's or loads it as a module. */
export const server = addressOf(typeof document === 'undefined' ? null : document.currentScript);

function addressOf(script: HTMLOrSVGScriptElement | null): string {
  return script !== null && 'src' in script && script.src !== '' ? new URL(script.src).origin : '';
}
