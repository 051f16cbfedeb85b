/** A visitor of a desk as seen from a script: asks and writes by HTTP. */

export class Visitor {
  /**
   * @param {string} url
   * @param {string} key the desk's
   * @param {string} token
   * @param {{ id: string, display_name: string }} me
   */
  constructor(url, key, token, me) {
    this.url = url;
    this.key = key;
    this.token = token;
    this.id = me.id;
    this.name = me.display_name;
  }

  /** @param {string} url @param {string} key @param {string} name @param {string} [language] */
  static async enter(url, key, name, language = 'en') {
    const { token, me } = await ask(url, 'POST', `/v1/desks/${key}/visitors`, { name, language }, null);
    return new Visitor(url, key, token, me);
  }

  /** A new question. @param {string} text @returns {Promise<string>} the ticket's id */
  async asks(text) {
    const body = { text, key: crypto.randomUUID() };
    return (await this.call('POST', `/v1/desks/${this.key}/tickets`, body)).ticket.id;
  }

  /** @param {string} ticket @param {string} text */
  says(ticket, text) {
    return this.call('POST', `/v1/conversations/${ticket}/messages`, { text, key: crypto.randomUUID() });
  }

  /** @param {Record<string, unknown>} page */
  visits(page) {
    return this.call('PUT', `/v1/desks/${this.key}/visit`, page);
  }

  /** All that it may read of a ticket, as it came. @param {string} ticket @returns {Promise<any[]>} */
  async read(ticket) {
    return (await this.call('GET', `/v1/conversations/${ticket}/events?after=0&limit=200`)).events;
  }

  /** @param {string} method @param {string} path @param {unknown} [body] */
  call(method, path, body) {
    return ask(this.url, method, path, body, this.token);
  }
}

/**
 * @param {string} url
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {string | null} token
 * @returns {Promise<any>}
 */
async function ask(url, method, path, body, token) {
  const response = await fetch(url + path, {
    method,
    headers: {
      origin: url,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
