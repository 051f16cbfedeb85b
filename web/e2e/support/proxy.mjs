/** Stands between browser and server and treats each transport as bad networks do. */
import http from 'node:http';

/**
 * `reset`: cuts the connection. `hole`: takes the request and never answers. `buffer`: keeps the answer until it is
 * complete, which a stream's never is. `refuse`: a page of its own, with status 502.
 * @typedef {'pass' | 'reset' | 'hole' | 'buffer' | 'refuse'} Treatment
 * @typedef {{ socket: import('node:net').Socket, end: () => void }} Exchange
 * @typedef {'websocket' | 'sse' | 'ndjson' | 'long-poll' | 'iframe' | 'short-poll'} TransportName
 */

export class Proxy {
  url = '';
  /** @type {Map<string, Treatment>} */
  #treatment = new Map();
  /** Open exchanges by transport: how to end each. @type {Map<string, Set<Exchange>>} */
  #open = new Map();
  #target;
  #server = http.createServer({ keepAlive: true }, (request, response) => this.#answer(request, response));

  /** @param {string} target */
  constructor(target) {
    this.#target = new URL(target);
    this.#server.on('upgrade', (request, socket, head) =>
      this.#upgrade(request, /** @type {import('node:net').Socket} */ (socket), head),
    );
  }

  /**
   * @param {import('node:test').TestContext} t
   * @param {string} target
   */
  static async start(t, target) {
    const proxy = new Proxy(target);
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const address = /** @type {import('node:net').AddressInfo} */ (proxy.#server.address());
    proxy.url = `http://127.0.0.1:${address.port}`;
    t.after(() => {
      for (const open of proxy.#open.values()) for (const { socket } of open) socket.destroy();
      proxy.#server.closeAllConnections();
      proxy.#server.close();
    });
    return proxy;
  }

  /**
   * From now on. What is open is cut, or ended politely by a proxy that refuses: of a cut a frame never hears.
   * @param {TransportName} transport
   * @param {Treatment} treatment
   */
  treat(transport, treatment) {
    this.#treatment.set(transport, treatment);
    for (const { socket, end } of this.#open.get(transport) ?? []) {
      if (treatment === 'refuse') end();
      else socket.destroy();
    }
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  #answer(request, response) {
    const transport = transportOf(request);
    const treatment = this.#begin(transport, request.socket, response);
    if (treatment === 'hole') return;
    if (treatment === 'reset') return void request.socket.destroy();
    if (treatment === 'refuse') {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
      return;
    }
    const onward = this.#onward(request);
    onward.on('response', (answer) => {
      const send = () => response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      if (treatment === 'buffer') {
        // A stream that is cut was never complete.
        collected(answer).then(
          (body) => send().end(body),
          () => request.socket.destroy(),
        );
        return;
      }
      send();
      answer.pipe(response);
      answer.on('close', () => answer.complete || response.destroy());
    });
    onward.on('error', () => request.socket.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  /** @param {http.IncomingMessage} request @param {import('node:net').Socket} socket @param {Buffer} head */
  #upgrade(request, socket, head) {
    socket.on('error', () => undefined);
    const treatment = this.#begin('websocket', socket, socket);
    if (treatment === 'hole') return;
    if (treatment === 'reset') return void socket.destroy();
    if (treatment === 'refuse')
      return void socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    const onward = this.#onward(request);
    onward.on('upgrade', (answer, other, first) => {
      const headers = [...pairs(answer.rawHeaders)].map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`);
      other.on('error', () => socket.destroy());
      other.on('close', () => socket.destroy());
      socket.on('close', () => other.destroy());
      other.write(head);
      socket.pipe(other);
      if (treatment === 'buffer') return void other.resume();
      socket.write(first);
      other.pipe(socket);
    });
    onward.on('response', () => socket.destroy());
    onward.on('error', () => socket.destroy());
    onward.end();
  }

  /** @param {http.IncomingMessage} request */
  #onward(request) {
    const { hostname, port } = this.#target;
    return http.request({
      hostname,
      port,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: request.rawHeaders,
      agent: false,
    });
  }

  /**
   * @param {string} transport
   * @param {import('node:net').Socket} socket
   * @param {import('node:net').Socket | http.ServerResponse} exchange
   */
  #begin(transport, socket, exchange) {
    const open = this.#open.get(transport) ?? new Set();
    const one = { socket, end: () => exchange.end() };
    this.#open.set(transport, open.add(one));
    exchange.on('close', () => open.delete(one));
    return this.#treatment.get(transport) ?? 'pass';
  }
}

/** @param {http.IncomingMessage} request */
function transportOf(request) {
  const url = new URL(request.url ?? '/', 'http://proxy');
  if (url.pathname !== '/v1/feed') return 'none';
  return url.searchParams.get('live') ?? 'short-poll';
}

/** @param {string[]} raw @returns {Iterable<[string, string]>} */
function* pairs(raw) {
  for (let index = 0; index + 1 < raw.length; index += 2) yield [raw[index] ?? '', raw[index + 1] ?? ''];
}

/** @param {http.IncomingMessage} answer */
async function collected(answer) {
  /** @type {Buffer[]} */
  const chunks = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks);
}
