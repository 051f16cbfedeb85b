/** A site of somebody else's, on an origin of its own and as strict as a page can be, whose people are signed in at Encke by its back end. */
import http from 'node:http';
import { password } from './member.mjs';

/** What old libraries do to every object of a page. */
const oldLibraries = `
  Array.prototype.toJSON = function () { return 'an old library'; };
  Object.prototype.inherited = function () { return 'another one'; };
  Array.prototype.each = function () {};
  window.$ = window.jQuery = function () { return []; };
`;

export class HostSite {
  origin = '';
  /** The server's address. */
  encke = '';
  /** What stands in the page. */
  html = '';
  /** The scripts of the page itself, by path. @type {Record<string, string>} */
  scripts = {};
  /** The person who is signed in at the site; null for nobody. @type {import('./member.mjs').Member | null} */
  person = null;
  /** Seconds that the back end says a token lives. */
  life = 3_600;
  /** How often the back end was asked. */
  asked = 0;
  /** An owner's account, which the back end uses. @type {import('./member.mjs').Member | null} */
  owner = null;

  /** @param {import('node:test').TestContext} t */
  static async start(t) {
    const site = new HostSite();
    const server = http.createServer((request, response) => void site.#answer(request, response));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    // Another host by name as well, so that it is another site and not only another port.
    site.origin = `http://localhost:${port}`;
    return site;
  }

  /** A page may do nothing but what the guide says that it has to allow. */
  get policy() {
    const { encke } = this;
    return [
      "default-src 'none'",
      `script-src 'self' ${encke}`,
      `connect-src 'self' ${encke} ${encke.replace('http', 'ws')}`,
      'img-src blob: data:',
      `frame-src ${encke}`,
      "style-src 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; ');
  }

  /** A token of the person, made as a back end makes it. */
  async token() {
    if (this.owner === null || this.person === null) throw new Error('nobody');
    const body = { password, person: this.person.id, expires_in_s: 600 };
    return (await this.owner.call('POST', '/v1/tokens', body)).token;
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #answer(request, response) {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/encke-token') {
      this.asked += 1;
      if (this.person === null) return void response.writeHead(401).end();
      const answer = JSON.stringify({ token: await this.token(), expires_in_s: this.life });
      return void response.setHeader('content-type', 'application/json').end(answer);
    }
    const script = path === '/old.js' ? oldLibraries : this.scripts[path];
    if (script !== undefined) return void response.setHeader('content-type', 'text/javascript').end(script);
    response.setHeader('content-security-policy', this.policy);
    response.setHeader('content-type', 'text/html').end(`<!doctype html><html lang="en"><meta charset="utf-8">
      <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>A site</title>
      <h1>A site</h1>${path === '/old' ? '<script src="/old.js"></script>' : ''}
      <script src="${this.encke}/components.js" type="module"></script>${this.html}`);
  }
}
