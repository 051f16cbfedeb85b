/* The addresses of a desk that are given to others. */

/** The line that a site puts into its pages. `greets`: the desk has greetings, for which the window is loaded before a click. */
export function snippetOf(origin: string, key: string, greets = false): string {
  const more = greets ? ' data-greetings' : '';
  return `<script src="${attribute(`${origin}/widget.js`)}" data-desk="${attribute(key)}"${more} async></script>`;
}

/** The page of a desk, for a link or a QR code. */
export function askAddress(origin: string, key: string): string {
  return `${origin}/ask/${encodeURIComponent(key)}`;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
