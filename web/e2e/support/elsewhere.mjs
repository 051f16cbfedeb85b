/** A site of somebody else's, on an origin of its own, with a page that uses the SDK. */
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const sdk = fileURLToPath(new URL('../../sdk/dist/', import.meta.url));
const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Elsewhere</title>
<script type="module">import * as sdk from '/sdk/index.js'; globalThis.sdk = sdk;</script>`;

/**
 * The origin's address.
 * @param {import('node:test').TestContext} t
 */
export async function elsewhere(t) {
  const server = http.createServer(async (request, response) => {
    const path = request.url ?? '/';
    if (!path.startsWith('/sdk/')) return response.setHeader('content-type', 'text/html').end(page);
    try {
      const text = await readFile(sdk + normalize(path.slice('/sdk/'.length)), 'utf8');
      return response.setHeader('content-type', 'text/javascript').end(text);
    } catch {
      return response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  // Another host by name as well, so that it is another site and not only another port.
  return `http://localhost:${port}`;
}
