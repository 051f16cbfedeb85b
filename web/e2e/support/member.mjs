/** A person as seen from a script: sets the stage by HTTP, so that a test clicks only what it is about. */

import { setupCodes } from './server.mjs';

export const password = 'a long password';

export class Member {
  /**
   * @param {string} url
   * @param {string} cookie
   * @param {{ id: string, display_name: string }} me
   */
  constructor(url, cookie, me) {
    this.url = url;
    this.cookie = cookie;
    this.id = me.id;
    this.name = me.display_name;
  }

  /** The first account, by the set-up code that the server printed. @param {string} url @param {string} name @param {string} display_name */
  static owner(url, name, display_name) {
    return enter(url, '/v1/setup', { name, password, display_name, setup_code: setupCodes.get(url) });
  }

  /** A further account, signed in. @param {string} name @param {string} display_name */
  async adds(name, display_name) {
    await this.call('POST', '/v1/people', { name, password, display_name });
    return Member.signIn(this.url, name);
  }

  /** @param {string} url @param {string} name */
  static signIn(url, name) {
    return enter(url, '/v1/sign-in', { name, password });
  }

  /** @param {Member} other @returns {Promise<string>} the conversation's id */
  async direct(other) {
    return (await this.call('POST', '/v1/conversations', { kind: 'direct', person: other.id })).id;
  }

  /** @param {string} title @param {Member[]} members @returns {Promise<string>} */
  async room(title, members, open = false) {
    const body = { kind: 'room', title, members: members.map((member) => member.id), open };
    return (await this.call('POST', '/v1/conversations', body)).id;
  }

  /** @param {string} conversation @param {string} text */
  say(conversation, text) {
    return this.call('POST', `/v1/conversations/${conversation}/messages`, {
      text,
      key: crypto.randomUUID(),
    });
  }

  /**
   * Uploads a file in one piece.
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {{ type?: string, width?: number, height?: number, duration_ms?: number }} [facts]
   * @returns {Promise<string>} the file's id
   */
  async uploads(name, bytes, facts = {}) {
    const begun = await this.call('POST', '/v1/files', { name, bytes: bytes.length, ...facts });
    const response = await fetch(this.url + begun.url, {
      method: 'PATCH',
      headers: {
        origin: this.url,
        cookie: this.cookie,
        'content-type': 'application/octet-stream',
        'upload-offset': '0',
      },
      body: bytes,
    });
    if (!response.ok) throw new Error(`PATCH ${begun.url}: ${response.status} ${await response.text()}`);
    return begun.id;
  }

  /**
   * A message with files. Answers its `seq`.
   * @param {string} conversation
   * @param {string} text
   * @param {string[]} files their ids
   * @returns {Promise<number>}
   */
  async sends(conversation, text, files) {
    const path = `/v1/conversations/${conversation}/messages`;
    return (await this.call('POST', path, { text, files, key: crypto.randomUUID() })).seq;
  }

  /** All that was written, in order. @param {string} conversation @returns {Promise<string[]>} */
  async said(conversation) {
    const page = await this.call('GET', `/v1/conversations/${conversation}/events?after=0&limit=200`);
    return page.events.flatMap((/** @type {any} */ event) =>
      event.kind === 'message' ? [event.body.text] : [],
    );
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async call(method, path, body) {
    const { answer } = await ask(this.url, method, path, body, this.cookie);
    return answer;
  }
}

/** @param {string} url @param {string} path @param {unknown} body */
async function enter(url, path, body) {
  const { answer, cookie } = await ask(url, 'POST', path, body, '');
  return new Member(url, cookie, answer);
}

/**
 * @param {string} url
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {string} cookie
 * @returns {Promise<{ answer: any, cookie: string }>}
 */
async function ask(url, method, path, body, cookie) {
  const response = await fetch(url + path, {
    method,
    headers: {
      origin: url,
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  const set = response.headers.getSetCookie().find((each) => each.startsWith('encke_session='));
  return { answer: text === '' ? undefined : JSON.parse(text), cookie: set?.split(';')[0] ?? '' };
}
