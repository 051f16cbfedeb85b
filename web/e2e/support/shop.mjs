/** A shop of somebody else's, on an origin of its own and as strict as a page can be, with the widget of a desk on it. */
import http from 'node:http';
import { png } from './files.mjs';

/** What old libraries do to every object of a page. */
const oldLibraries = `
  Array.prototype.toJSON = function () { return 'an old library'; };
  Object.prototype.inherited = function () { return 'another one'; };
  window.$ = window.jQuery = function () { return []; };
  window.globalsBefore = Object.getOwnPropertyNames(window);
`;

/**
 * The address of a shop. Its pages are `/`, `/second` and, with libraries that change every object, `/old`.
 * @param {import('node:test').TestContext} t
 * @param {string} encke the server's address
 * @param {string} desk the key
 * @param {{ attributes?: string, site?: string, connects?: boolean }} [options] `attributes`: further ones of the script; `site`: the name of its host.
 *   `connects`: its scripts may read its own addresses, such as the picture `/bike.png`. A page of another host is another site, whose frames a browser that blocks cookies lets keep nothing.
 */
export async function shop(t, encke, desk, { attributes = '', site = '127.0.0.1', connects = false } = {}) {
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${encke}`,
    `frame-src ${encke} 'self'`,
    "style-src 'none'",
    'img-src data:',
    ...(connects ? ["connect-src 'self'"] : []),
  ].join('; ');
  const script = `<script src="${encke}/widget.js" data-desk="${desk}" ${attributes} async></script>`;
  const page = (/** @type {string} */ path) => `<!doctype html><html lang="en"><meta charset="utf-8">
    <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Shop${path}</title><h1>A shop</h1><a href="/second">More</a>
    ${path === '/old' ? '<script src="/old.js"></script>' : ''}
    ${path === '/stranger' ? '' : script}`;
  const server = http.createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/bike.png')
      return response.setHeader('content-type', 'image/png').end(Buffer.from(png(320, 240)));
    if (path === '/old.js') return response.setHeader('content-type', 'text/javascript').end(oldLibraries);
    response.setHeader('content-security-policy', policy);
    response.setHeader('content-type', 'text/html').end(page(path));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://${site}:${port}`;
}
